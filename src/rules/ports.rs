//! Ranges of ports, joined and spelled.

use why5003_probes::model::Transport;

use crate::catalogue::PortRange;

/// TCP and UDP, in the order in which rules are written.
pub(super) const TRANSPORTS: [Transport; 2] = [Transport::Tcp, Transport::Udp];

/// The same ports in the fewest ranges, in order: what overlaps or touches is one.
pub(super) fn joined(ranges: &[PortRange]) -> Vec<PortRange> {
    let mut ranges = ranges.to_vec();
    ranges.sort_unstable();
    let mut joined: Vec<PortRange> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(before) if before.transport == range.transport && range.first <= before.last.saturating_add(1) => {
                before.last = before.last.max(range.last);
            }
            Some(_) | None => joined.push(range),
        }
    }
    joined
}

/// `443`, or `8801-8810` with that between.
pub(super) fn spelled(range: PortRange, between: &str) -> String {
    let PortRange { first, last, .. } = range;
    if first == last { first.to_string() } else { format!("{first}{between}{last}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(text: &str) -> Vec<PortRange> {
        text.split(' ').map(|range| range.parse().unwrap()).collect()
    }

    #[test]
    fn ranges_that_touch_or_overlap_are_one() {
        let scattered = ranges("udp/8803-8810 tcp/443 udp/8801 tcp/65535 udp/8802-8805 tcp/442 tcp/65535");
        assert_eq!(joined(&scattered), ranges("tcp/442-443 tcp/65535 udp/8801-8810"));
    }

    #[test]
    fn a_single_port_is_spelled_alone() {
        assert_eq!(
            ranges("tcp/443 udp/3478-3479").into_iter().map(|r| spelled(r, ":")).collect::<Vec<_>>(),
            ["443", "3478:3479"]
        );
    }
}
