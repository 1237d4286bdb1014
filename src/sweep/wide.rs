//! Wide ranges of ports: one rule in every firewall, and far too many ports to ask each, so a few of them are asked for all.

use super::target_space::Port;
use crate::catalogue::PortRange;

/// A range that is asked at some of its ports only, such as the 44 001 of Zoom Phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WideRange(PortRange);

impl WideRange {
    /// The range, if it is wide.
    pub fn of(range: PortRange) -> Option<Self> {
        (range.last.saturating_sub(range.first) >= MANY).then_some(Self(range))
    }

    /// All of it.
    pub fn range(self) -> PortRange {
        self.0
    }

    /// The ports of it that are probed, in order: its ends, and the borders of its quarters. A rule that was written
    /// too short leaves out an end, and two rules for one range may leave out a piece between.
    pub fn asked(self) -> impl Iterator<Item = Port> {
        let PortRange { transport, first, last } = self.0;
        let width = u32::from(last.saturating_sub(first));
        let offsets = (0..=QUARTERS).filter_map(move |quarter| u16::try_from(width * quarter / QUARTERS).ok());
        offsets.map(move |offset| Port { transport, number: first.saturating_add(offset) })
    }
}

/// No range that is published with a meaning for each of its ports has so many: the widest of these is `udp/8801-8810`.
const MANY: u16 = 32;
const QUARTERS: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(range: &str) -> Vec<u16> {
        let wide = WideRange::of(range.parse().unwrap());
        wide.into_iter().flat_map(WideRange::asked).map(|port| port.number).collect()
    }

    #[test]
    fn a_wide_range_is_asked_at_its_ends_and_at_its_quarters() {
        assert_eq!(asked("udp/20000-64000"), [20_000, 31_000, 42_000, 53_000, 64_000]);
        assert_eq!(asked("tcp/1-65535"), [1, 16_384, 32_768, 49_151, 65_535]);
        assert_eq!(asked("tcp/100-132"), [100, 108, 116, 124, 132]);
    }

    #[test]
    fn a_range_of_few_ports_is_none() {
        assert_eq!(asked("udp/8801-8810"), [0; 0]);
        assert_eq!(asked("udp/8801-8832"), [0; 0]);
    }
}
