//! What the kernel counts of packets, and what two counts tell of the time between them.

use std::collections::BTreeMap;

/// What the kernel has counted since it started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets of any kind that left, by interface; loopback is left out.
    pub left: BTreeMap<String, u64>,
    /// IP packets that arrived, before any filter saw them.
    pub arrived: u64,
    /// IP packets that were handed on: to a protocol of this computer, or to another one.
    pub handed_on: u64,
}

impl Counters {
    /// Packets that left since by the interface that most left by.
    pub(crate) fn left_since(&self, before: &Self) -> u64 {
        let since = |(name, now): (&String, &u64)| now.saturating_sub(before.left.get(name).copied().unwrap_or(0));
        self.left.iter().map(since).max().unwrap_or(0)
    }

    /// Packets that arrived since and were handed to nobody.
    pub(crate) fn withheld_since(&self, before: &Self) -> u64 {
        let arrived = self.arrived.saturating_sub(before.arrived);
        arrived.saturating_sub(self.handed_on.saturating_sub(before.handed_on))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_interface_counts_and_what_was_handed_on_is_not_withheld() {
        let count = |left: [(&str, u64); 2], arrived, handed_on| Counters {
            left: left.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
            arrived,
            handed_on,
        };
        let (before, after) = (count([("eth0", 10), ("tun0", 7)], 50, 40), count([("eth0", 18), ("tun0", 8)], 60, 47));
        assert_eq!((after.left_since(&before), after.withheld_since(&before)), (8, 3));
    }
}
