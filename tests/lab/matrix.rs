//! The confusion matrix: for each cause, what was said where it was the first to be named.

use std::collections::BTreeMap;

use crate::check::named;
use crate::nest::Outcome;
use crate::scenario::Expect;

/// What was expected, and what was said how often.
#[derive(Default)]
pub(crate) struct Matrix {
    rows: BTreeMap<String, BTreeMap<String, u32>>,
    runs: Vec<String>,
    right: usize,
    healthy: usize,
    blamed_falsely: usize,
}

impl Matrix {
    /// Counts one run.
    pub(crate) fn add(&mut self, title: &str, expect: &Expect, outcome: &Outcome, right: bool) {
        let named = named(outcome);
        let status = outcome.report["verdict"]["status"].as_str().unwrap_or("no report");
        let said = named.first().map_or_else(|| format!("({status})"), |id| (*id).to_owned());
        let expected = expect.first.clone().unwrap_or_else(|| format!("({})", expect.status));
        *self.rows.entry(expected).or_default().entry(said).or_default() += 1;
        self.right += usize::from(right);
        self.healthy += usize::from(expect.status == "healthy");
        let fine =
            |id: &&&str| expect.first.iter().chain(&expect.others).chain(&expect.may).any(|expected| expected == **id);
        self.blamed_falsely += named.iter().filter(|id| !fine(id)).count();
        let Outcome { seconds, packets, bytes, .. } = outcome;
        let mark = if right { ' ' } else { '!' };
        self.runs.push(format!(
            "{mark} {title:58} {seconds:5.1} s {packets:5} packets {:5} kB  {status:8} {}",
            bytes / 1000,
            named.join(" ")
        ));
    }

    /// Prints it, if anything ran.
    pub(crate) fn print(&mut self) {
        if self.runs.is_empty() {
            return;
        }
        self.runs.sort_unstable_by(|a, b| a[2..].cmp(&b[2..]));
        println!("\nRuns\n{}\n\nConfusion: the first cause expected, and what was named first", self.runs.join("\n"));
        for (expected, said) in &self.rows {
            let cells: Vec<String> = said
                .iter()
                .map(|(id, count)| if id == expected { format!("{count} right") } else { format!("{count} {id} (!)") })
                .collect();
            println!("  {expected:26} {}", cells.join(", "));
        }
        let Self { runs, right, healthy, blamed_falsely, .. } = self;
        println!(
            "\n{right} of {} runs right, {healthy} of them on healthy networks; {blamed_falsely} causes named that are innocent\n",
            runs.len()
        );
    }
}
