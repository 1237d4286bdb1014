//! The picture of a sweep: rows of prefixes, columns of ports, and a word where they meet. Whoever shows it lays it out.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::model::{SweepPair, SweepReport};
use crate::catalogue::PortRange;
use crate::sweep::PairState;
use crate::verdict::Sampled;

/// Prefixes by ports.
pub(super) struct Grid {
    /// In the order of ports.
    pub(super) columns: Vec<PortRange>,
    /// In the order of their first prefixes.
    pub(super) rows: Vec<Row>,
}

/// Prefixes that are in the same state.
pub(super) struct Row {
    /// Their names.
    pub(super) prefixes: Vec<String>,
    /// A word for each column.
    pub(super) cells: Vec<&'static str>,
}

impl Grid {
    /// The word for a port that a prefix was not asked at.
    pub(super) const NOT_ASKED: &str = "-";

    /// The grid of a report; prefixes that are in the same state are one row, unless each is to have its own.
    pub(super) fn of(report: &SweepReport, each: bool) -> Self {
        let mut pairs_of: BTreeMap<IpNet, Vec<&SweepPair>> = BTreeMap::new();
        for pair in &report.pairs {
            pairs_of.entry(pair.prefix).or_default().push(pair);
        }
        let columns = columns(report, &pairs_of);
        let mut rows: Vec<Row> = Vec::new();
        for (prefix, pairs) in pairs_of {
            let cells: Vec<&str> = columns.iter().map(|column| column.cell(&pairs)).collect();
            match rows.iter_mut().find(|row| row.cells == cells && !each) {
                Some(row) => row.prefixes.push(prefix.to_string()),
                None => rows.push(Row { prefixes: vec![prefix.to_string()], cells }),
            }
        }
        Self { columns: columns.into_iter().map(|column| column.ports).collect(), rows }
    }
}

/// A column.
struct Column<'a> {
    ports: PortRange,
    /// Of a wide range, what must have been asked of a prefix to tell of all of it.
    asked: &'a [PortRange],
}

/// Wide ranges as such, and of the other ports those in a row as one.
fn columns<'a>(report: &'a SweepReport, pairs_of: &BTreeMap<IpNet, Vec<&SweepPair>>) -> Vec<Column<'a>> {
    let wide = report.sampled.iter().map(|Sampled { range, asked }| Column { ports: *range, asked });
    let mut columns: Vec<Column<'_>> = wide.collect();
    let mut single: BTreeSet<PortRange> = BTreeSet::new();
    for pairs in pairs_of.values() {
        let of_range = |port| columns.iter().any(|wide| wide.asked.contains(&port) && wide.is_asked_in(pairs));
        single.extend(pairs.iter().map(|pair| pair.port).filter(|port| !of_range(*port)));
    }
    let mut in_a_row: Vec<PortRange> = Vec::new();
    for port in single {
        match in_a_row.last_mut() {
            Some(before) if before.transport == port.transport && before.last.checked_add(1) == Some(port.first) => {
                before.last = port.last;
            }
            Some(_) | None => in_a_row.push(port),
        }
    }
    columns.extend(in_a_row.into_iter().map(|ports| Column { ports, asked: &[] }));
    columns.sort_by_key(|column| column.ports);
    columns
}

impl Column<'_> {
    fn is_asked_in(&self, pairs: &[&SweepPair]) -> bool {
        self.asked.iter().all(|port| pairs.iter().any(|pair| pair.port == *port))
    }

    /// One word for its ports, if they are in the same state.
    fn cell(&self, pairs: &[&SweepPair]) -> &'static str {
        let own = pairs.iter().filter(|pair| self.ports.holds(pair.port) && self.is_asked_in(pairs));
        let states: Vec<PairState> = own.clone().map(|pair| pair.state).collect::<BTreeSet<_>>().into_iter().collect();
        let passes = |state: &PairState| matches!(state, PairState::Open | PairState::Passes);
        match states.as_slice() {
            [] => Grid::NOT_ASKED,
            [first, ..] if states.iter().all(passes) => match (first, own.clone().all(|pair| pair.is_known())) {
                (PairState::Open, false) => "open?",
                (_, false) => "passes?",
                (state, true) => word(*state),
            },
            [state] => word(*state),
            states if states.iter().all(|state| passes(state) || *state == PairState::Unknown) => {
                if states.contains(&PairState::Open) { "open?" } else { "passes?" }
            }
            _ => word(PairState::Partly),
        }
    }
}

/// What is stopped stands out without colour, too.
fn word(state: PairState) -> &'static str {
    match state {
        PairState::Open => "open",
        PairState::Passes => "passes",
        PairState::Blocked => "BLOCKED",
        PairState::Reset => "RESET",
        PairState::Prohibited => "PROHIBITED",
        PairState::Partly => "PARTLY",
        PairState::Unknown => "?",
    }
}
