//! Every report in `diagnoses`: what people, tickets and programs get of it.

use serde_json::Value;
use why5003::report::{self, Report, Style};

use crate::samples::{FULL, NARROW, Sample, USUAL, check, nothing_steers, read};

fn samples() -> Vec<Sample<Report>> {
    read("diagnoses", |text| report::parse(text).map_err(|error| format!("{error:?}")))
}

#[test]
fn a_person_reads_every_report() {
    for (path, _, report) in samples() {
        check(&path, "80.txt", &report::human(&report, USUAL));
        check(&path, "40.txt", &report::human(&report, NARROW));
        check(&path, "verbose.txt", &report::human(&report, FULL));
    }
}

#[test]
fn a_ticket_is_made_of_every_report() {
    for (path, _, report) in samples() {
        check(&path, "md", &report::markdown(&report));
    }
}

#[test]
fn no_line_but_a_command_is_wider_than_the_screen() {
    for (path, _, report) in samples() {
        let commands: Vec<&str> = report
            .verdict
            .causes
            .iter()
            .flat_map(|cause| &cause.remedies)
            .filter_map(|remedy| remedy.command.as_deref())
            .flat_map(str::lines)
            .collect();
        for style in [NARROW, USUAL, FULL] {
            let text = report::human(&report, style);
            let is_command = |line: &str| commands.contains(&line.trim());
            for line in text.lines().filter(|line| !is_command(line)) {
                let width = textwrap::core::display_width(line);
                assert!(width <= style.width, "{}: {width} columns: {line}", path.display());
            }
        }
    }
}

#[test]
fn nothing_printed_steers_a_terminal() {
    for (path, _, report) in samples() {
        nothing_steers(
            &path,
            &[report::human(&report, USUAL), report::human(&report, FULL), report::markdown(&report)],
        );
    }
}

#[test]
fn colour_changes_no_word() {
    for (path, _, report) in samples() {
        let coloured = report::human(&report, Style { colour: true, ..USUAL });
        let stripped = anstream::adapter::strip_str(&coloured).to_string();
        assert_eq!(stripped, report::human(&report, USUAL), "{}", path.display());
        assert_ne!(coloured, stripped, "{}", path.display());
    }
}

#[test]
fn a_report_is_written_as_it_was_read() {
    for (path, text, report) in samples() {
        assert_eq!(report::json(&report), text, "{}", path.display());
        assert_eq!(report::parse(&report::json_line(&report)).unwrap(), report, "{}", path.display());
    }
}

#[test]
fn a_broken_observation_is_told_by_its_line() {
    let (_, text, _) = samples().remove(0);
    let broken = text.replacen("\"probe\": \"dns\"", "\"probe\": \"nope\"", 1);
    let error = report::parse(&broken).unwrap_err();
    let line = broken.lines().position(|line| line.contains("nope")).unwrap() + 1;
    let report::ParseReportError::Malformed { line: told, ref source, .. } = error else { panic!("{error:?}") };
    assert!(source.to_string().contains("unknown probe \"nope\""), "{source}");
    // The whole observation has been read when its probe is looked up, so its last line is told.
    assert!(told > line && told < line + 40, "{told} is not near {line}");
}

#[test]
fn every_report_is_of_the_published_schema() {
    let validator = jsonschema::validator_for(&report::schema()).unwrap();
    for (path, text, _) in samples() {
        let value: Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
    }
}

#[test]
fn a_wrong_field_is_not_of_the_published_schema() {
    let validator = jsonschema::validator_for(&report::schema()).unwrap();
    let (_, text, _) = samples().remove(0);
    for (pointer, wrong) in [
        ("/schema", Value::from("why5003.report/2")),
        ("/verdict/status", Value::from("fine")),
        ("/verdict/causes/0/because", Value::from("3")),
        ("/observations/0/facts/0/fact", Value::from("guessed")),
        ("/observations/0/facts", Value::Array(Vec::new())),
        ("/vantage/privileged", Value::Null),
    ] {
        let mut value: Value = serde_json::from_str(&text).unwrap();
        *value.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is missing")) = wrong;
        assert!(!validator.is_valid(&value), "{pointer}");
    }
}
