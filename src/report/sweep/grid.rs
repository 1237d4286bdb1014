//! The picture of a sweep: rows of prefixes, columns of ports, and a word where they meet. Whoever shows it lays it out.

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::model::{SweepLane, SweepReport};
use crate::catalogue::PortRange;
use crate::sweep::State;

/// Prefixes by ports.
pub(super) struct Grid {
    /// Ports in their order, those in a row as one.
    pub(super) columns: Vec<PortRange>,
    /// In the order of their first prefixes.
    pub(super) rows: Vec<Row>,
}

/// Prefixes that fare alike.
pub(super) struct Row {
    /// Their names.
    pub(super) prefixes: Vec<String>,
    /// A word for each column.
    pub(super) cells: Vec<&'static str>,
}

impl Grid {
    /// The grid of a report; prefixes that fare alike are one row, unless each is to have its own.
    pub(super) fn of(report: &SweepReport, each: bool) -> Self {
        let columns = columns(report);
        let prefixes: BTreeSet<IpNet> = report.lanes.iter().map(|lane| lane.prefix).collect();
        let mut rows: Vec<Row> = Vec::new();
        for prefix in prefixes {
            let of_prefix: Vec<&SweepLane> = report.lanes.iter().filter(|lane| lane.prefix == prefix).collect();
            let cells: Vec<&str> = columns.iter().map(|column| cell(&of_prefix, *column)).collect();
            match rows.iter_mut().find(|row| row.cells == cells && !each) {
                Some(row) => row.prefixes.push(prefix.to_string()),
                None => rows.push(Row { prefixes: vec![prefix.to_string()], cells }),
            }
        }
        Self { columns, rows }
    }
}

fn columns(report: &SweepReport) -> Vec<PortRange> {
    let ports: BTreeSet<PortRange> = report.lanes.iter().map(|lane| lane.port).collect();
    let mut columns: Vec<PortRange> = Vec::new();
    for port in ports {
        match columns.last_mut() {
            Some(before) if before.transport == port.transport && before.last.checked_add(1) == Some(port.first) => {
                before.last = port.last;
            }
            Some(_) | None => columns.push(port),
        }
    }
    columns
}

/// One word for the ports of a column, if they fare alike.
fn cell(lanes: &[&SweepLane], column: PortRange) -> &'static str {
    let own = lanes.iter().filter(|lane| column.holds(lane.port));
    let states: Vec<State> = own.map(|lane| lane.state).collect::<BTreeSet<_>>().into_iter().collect();
    match states.as_slice() {
        [] => "-",
        [State::Open, State::Passes] => word(State::Open),
        [state] => word(*state),
        states if states.iter().all(|state| matches!(state, State::Open | State::Passes | State::Unknown)) => {
            word(State::Unknown)
        }
        _ => word(State::Partly),
    }
}

/// What is stopped stands out without colour, too.
fn word(state: State) -> &'static str {
    match state {
        State::Open => "open",
        State::Passes => "passes",
        State::Blocked => "BLOCKED",
        State::Reset => "RESET",
        State::Prohibited => "PROHIBITED",
        State::Partly => "PARTLY",
        State::Unknown => "?",
    }
}

/// What the words mean.
pub(super) const LEGEND: &str = "open: a target of it answered. passes: nobody answers there, but packets reach the last router that \
                                 all ways share. ?: could not be told.";
