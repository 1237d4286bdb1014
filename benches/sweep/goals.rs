//! What our engines are to keep beside their peers, where those ran: said for each, with the figures.

use std::collections::BTreeMap;

/// What a contestant came to, as a rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// Seconds.
    pub(crate) wall: f64,
    /// Microseconds of CPU for each probe.
    pub(crate) each: f64,
    pub(crate) peak_mib: f64,
    /// The least share of one of the four parts that it told rightly, in percent; `None` where it tells nothing.
    pub(crate) right: Option<f64>,
}

/// Prints which goals are met; `false` where one is not.
pub(crate) fn met(figures: &BTreeMap<&str, Figures>) -> bool {
    println!("\nGoals:");
    let mut all = true;
    let mut say = |met: bool, what: String| {
        println!("{} {what}", if met { ' ' } else { '!' });
        all = all && met;
    };
    for &(ours, peer, most) in CPU {
        if let (Some(ours_at), Some(peer_at)) = (figures.get(ours), figures.get(peer)) {
            let times = ours_at.each / peer_at.each;
            say(times <= most, format!("{ours}: {times:.2} of the CPU of {peer} for each probe, at most {most}"));
        }
    }
    for peer in ["zmap", "masscan"] {
        if let (Some(ours), Some(peer_at)) = (figures.get("syn"), figures.get(peer)) {
            let times = ours.wall / peer_at.wall;
            say(times <= 1.0, format!("syn: {times:.2} of the wall time of {peer}, at most 1"));
        }
    }
    for (name, Figures { peak_mib, right, .. }) in figures {
        if let Some(right) = right.filter(|_| OURS.iter().any(|ours| name.starts_with(ours))) {
            say(*peak_mib < MEMORY, format!("{name}: {peak_mib:.0} MiB, less than {MEMORY}"));
            say(right >= 100.0, format!("{name}: {right:.2} % of each of the four states told rightly, all"));
        }
    }
    all
}

/// What the names of ours begin with.
const OURS: [&str; 3] = ["syn", "connect", "why5003"];
/// Ours, whose CPU for each probe it is measured by, and how many times as much it may be. Four times as many addresses cost as
/// much each as a few do.
const CPU: &[(&str, &str, f64)] = &[
    ("syn", "zmap", 1.0),
    ("connect", "bare connect", 1.2),
    ("connect", "rustscan", 0.5),
    ("syn x4", "syn 1/8", 1.2),
    ("connect x4", "connect 1/8", 1.2),
];
/// MiB, at any size.
const MEMORY: f64 = 64.0;
