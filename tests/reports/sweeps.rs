//! Every report of a sweep in `sweeps`: what people and tickets get of it.

use why5003::report::{self, Style, SweepReport};

use crate::samples::{FULL, NARROW, Sample, USUAL, check, nothing_steers, read};

fn samples() -> Vec<Sample<SweepReport>> {
    read("sweeps", |text| serde_json::from_str(text).map_err(|error| error.to_string()))
}

#[test]
fn a_person_reads_every_sweep() {
    for (path, _, report) in samples() {
        check(&path, "80.txt", &report::sweep_human(&report, USUAL));
        check(&path, "40.txt", &report::sweep_human(&report, NARROW));
        check(&path, "verbose.txt", &report::sweep_human(&report, FULL));
    }
}

#[test]
fn a_ticket_is_made_of_every_sweep() {
    for (path, _, report) in samples() {
        check(&path, "md", &report::sweep_markdown(&report));
    }
}

#[test]
fn at_every_width_lines_fit_and_no_prefix_is_broken() {
    for (path, _, report) in samples() {
        for width in 40..=120 {
            let text = report::sweep_human(&report, Style { width, ..FULL });
            for line in text.lines() {
                let columns = textwrap::core::display_width(line);
                assert!(columns <= width, "{}: {columns} of {width} columns: {line}", path.display());
            }
            for pair in &report.pairs {
                assert!(text.contains(&pair.prefix.to_string()), "{}: {}\n{text}", path.display(), pair.prefix);
            }
        }
    }
}

#[test]
fn nothing_printed_steers_a_terminal() {
    for (path, _, report) in samples() {
        nothing_steers(&path, &[report::sweep_human(&report, USUAL), report::sweep_markdown(&report)]);
    }
}

#[test]
fn every_row_of_a_ticket_has_as_many_cells_as_its_table() {
    for (path, _, report) in samples() {
        let text = report::sweep_markdown(&report);
        let rows = text.lines().filter(|line| line.starts_with('|'));
        let cells: Vec<usize> = rows.map(|row| row.replace("\\|", "").matches('|').count()).collect();
        assert!(
            cells.len() > 2 && cells.iter().all(|count| Some(count) == cells.first()),
            "{}: {text}",
            path.display()
        );
    }
}

#[test]
fn a_sweep_is_written_as_it_was_read_and_of_the_published_schema() {
    let validator = jsonschema::validator_for(&report::sweep_schema()).unwrap();
    for (path, text, report) in samples() {
        assert_eq!(report::sweep_json(&report), text, "{}", path.display());
        let faults: Vec<String> =
            validator.iter_errors(&serde_json::from_str(&text).unwrap()).map(|error| error.to_string()).collect();
        assert!(faults.is_empty(), "{}: {faults:#?}", path.display());
    }
}
