//! What a sweep asked of wide ranges of ports, in words: a reader of a few ports' result must know that it is one.

use super::super::words::list;
use super::model::{Missing, Sampled, SweepReport};

/// Of each wide range of a sweep, a sentence.
pub(super) fn ranges_asked(report: &SweepReport) -> Vec<String> {
    report.sampled.iter().map(|sampled| format!("{}.", asked(sampled))).collect()
}

/// Of each wide range that an entry of the gap tells of, a sentence: how it was asked, and what is concluded from it.
pub fn how_asked(missing: &Missing) -> Vec<String> {
    let sentence = |sampled: &Sampled| {
        let asked = asked(sampled);
        if sampled.is_whole_in(&missing.ports) {
            format!("{asked}, and stopped at each of them.")
        } else {
            format!("{asked}, and those named here alone were found stopped; what lies between was not asked.")
        }
    };
    missing.sampled.iter().map(sentence).collect()
}

fn asked(sampled: &Sampled) -> String {
    let ports: Vec<u16> = sampled.asked.iter().map(|port| port.first).collect();
    format!("{} was asked at its ports {}", sampled.range, list(&ports, usize::MAX))
}
