//! Which flows were reset recent_resets: an answer that comes twice draws one RST.
//!
//! It keeps as much as fits a fixed number of places and forgets what another one displaces: then a RST goes out once more.

/// Cookies, each in the place that its own bits name.
pub(super) struct RecentResets(Box<[u32]>);

impl RecentResets {
    /// None yet.
    pub(super) fn new() -> Self {
        Self(vec![0; PLACES].into_boxed_slice())
    }

    /// Notes that a flow is reset; `false` where it was already.
    pub(super) fn note(&mut self, cookie: u32) -> bool {
        self.place(cookie).is_some_and(|place| std::mem::replace(place, cookie) != cookie)
    }

    /// A flow begins: whatever answers from now on answers this one.
    pub(super) fn forget(&mut self, cookie: u32) {
        if let Some(place) = self.place(cookie).filter(|place| **place == cookie) {
            *place = !cookie;
        }
    }

    fn place(&mut self, cookie: u32) -> Option<&mut u32> {
        self.0.get_mut(usize::try_from(cookie).ok()? % PLACES)
    }
}

/// Answers come again after a second: enough for as many flows, in a quarter of a megabyte.
const PLACES: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_is_reset_once_for_each_time_it_begins() {
        let mut recent_resets = RecentResets::new();
        assert_eq!([7, 8, 7, 8].map(|cookie| recent_resets.note(cookie)), [true, true, false, false]);
        recent_resets.forget(7);
        assert_eq!([7, 8].map(|cookie| recent_resets.note(cookie)), [true, false]);
    }

    #[test]
    fn one_that_is_displaced_is_reset_again() {
        let mut recent_resets = RecentResets::new();
        let (one, other) = (7, 7 + (1 << 16));
        recent_resets.forget(one);
        assert_eq!([one, other, one].map(|cookie| recent_resets.note(cookie)), [true; 3]);
    }
}
