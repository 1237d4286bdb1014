//! The search for a path MTU: halves the gap between a size that passes and one that does not.
//!
//! It sends nothing and knows no clock; who asks tells it how each size went.

/// A search between two sizes, in bytes of an IP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Search {
    passes: u16,
    fails: u16,
    step: u16,
    left: u8,
    hint: Option<u16>,
}

impl Search {
    /// Begins with a size that passed and a larger one that did not; sizes are told apart to `step` bytes, and at
    /// most `tries` are asked.
    pub(crate) fn new(passes: u16, fails: u16, step: u16, tries: u8) -> Self {
        Self { passes, fails, step: step.max(1), left: tries, hint: None }
    }

    /// The size to try next; `None` when the gap is closed or the tries are used up.
    pub(crate) fn next(&self) -> Option<u16> {
        let gap = self.fails.saturating_sub(self.passes);
        (gap > self.step && self.left > 0).then(|| {
            let half = (gap / 2 / self.step).max(1) * self.step;
            self.hint.filter(|hint| (self.passes + 1..self.fails).contains(hint)).unwrap_or(self.passes + half)
        })
    }

    /// The sizes to try next side by side, at most so many; none when the gap is closed or the tries are used up.
    pub(crate) fn side_by_side(&self, at_once: u8) -> Vec<u16> {
        let (gap, parts) = (u32::from(self.fails.saturating_sub(self.passes)), u32::from(at_once) + 1);
        let cut = |nth: u8| u16::try_from(gap * u32::from(nth) / parts).unwrap_or(u16::MAX) / self.step * self.step;
        let mut sizes: Vec<u16> =
            (1..=at_once.min(self.left)).map(|nth| self.passes.saturating_add(cut(nth))).collect();
        sizes.retain(|size| *size > self.passes);
        sizes.dedup();
        sizes
    }

    /// Takes note of how a size went; of several that were tried side by side those that passed first.
    pub(crate) fn tried(&mut self, size: u16, passed: bool) {
        self.left = self.left.saturating_sub(1);
        if passed {
            self.passes = self.passes.max(size);
        } else if size > self.passes {
            // A smaller one was lost by accident.
            self.fails = self.fails.min(size);
        }
    }

    /// Takes a router's word for the largest size that passes: it is the next to be tried. Words that cannot be true,
    /// and were perhaps forged, are not heard.
    pub(crate) fn announced(&mut self, mtu: u16) {
        if mtu > self.passes && mtu < self.fails {
            let size = self.passes + (mtu - self.passes) / self.step * self.step;
            self.hint = Some(size);
            self.fails = self.fails.min(size.saturating_add(self.step));
        }
    }

    /// The largest size that passes, once the gap is closed.
    pub(crate) fn found(&self) -> Option<u16> {
        (self.fails.saturating_sub(self.passes) <= self.step).then_some(self.passes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn search(passes: u16, fails: u16, step: u16, mtu: u16) -> (Option<u16>, usize) {
        let mut search = Search::new(passes, fails, step, 12);
        let mut tries = 0;
        while let Some(size) = search.next() {
            search.tried(size, size <= mtu);
            tries += 1;
        }
        (search.found(), tries)
    }

    proptest! {
        #[test]
        fn any_mtu_is_found_to_the_byte_within_twelve_tries(mtu in 1240_u16..1500) {
            let (found, tries) = search(1240, 1500, 1, mtu);
            prop_assert_eq!(found, Some(mtu));
            prop_assert!(tries <= 9, "{} tries", tries);
        }

        #[test]
        fn a_coarser_search_never_overstates(mtu in 576_u16..1500) {
            let (found, _) = search(576, 1500, 4, mtu);
            prop_assert_eq!(found, Some(mtu / 4 * 4));
        }
    }

    proptest! {
        #[test]
        fn any_mtu_is_found_to_the_byte_in_three_rounds_of_six(mtu in 1240_u16..1500) {
            let mut search = Search::new(1240, 1500, 1, 18);
            for _ in 0..3 {
                for size in search.side_by_side(6).into_iter().rev() {
                    search.tried(size, size <= mtu);
                }
            }
            prop_assert_eq!(search.found(), Some(mtu));
            prop_assert_eq!(search.side_by_side(6), Vec::<u16>::new());
        }
    }

    #[test]
    fn a_size_that_was_lost_below_one_that_passed_does_not_count() {
        let mut search = Search::new(1240, 1500, 1, 18);
        search.tried(1400, true);
        search.tried(1300, false);
        assert_eq!(search.side_by_side(1), [1450]);
    }

    #[test]
    fn a_routers_word_is_tried_first_and_a_false_one_does_no_harm() {
        let mut search = Search::new(576, 1500, 4, 12);
        search.announced(1402);
        assert_eq!(search.next(), Some(1400));
        search.tried(1400, true);
        assert_eq!((search.next(), search.found()), (None, Some(1400)));
        let mut search = Search::new(576, 1500, 4, 12);
        search.announced(68);
        search.announced(9000);
        assert_eq!(search, Search::new(576, 1500, 4, 12));
    }

    #[test]
    fn tries_that_ran_out_leave_it_unknown() {
        let mut search = Search::new(1240, 1500, 1, 1);
        let size = search.next().unwrap();
        search.tried(size, true);
        assert_eq!((search.next(), search.found()), (None, None));
    }

    #[test]
    fn nothing_is_asked_where_the_gap_is_closed() {
        assert_eq!(Search::new(1399, 1400, 1, 12).next(), None);
        assert_eq!(Search::new(1399, 1400, 1, 12).found(), Some(1399));
    }
}
