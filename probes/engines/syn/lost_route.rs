//! A route that was there and is gone: what goes by it waits for it, in vain at last.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::route::Unroutable;
use crate::model::CannotProbe;

/// What waits.
#[derive(Default)]
pub(super) struct LostRoute {
    /// The first target that could not be asked, and since when.
    first: Option<(IpAddr, Instant)>,
    /// Nothing is asked before.
    until: Option<Instant>,
}

impl LostRoute {
    /// Notes that a target waits for its route.
    ///
    /// # Errors
    /// [`CannotProbe::Lost`] when that is too long.
    pub(super) fn waits(&mut self, to: IpAddr, why: Unroutable, now: Instant) -> Result<(), CannotProbe> {
        let (to, since) = *self.first.get_or_insert((to, now));
        if now.saturating_duration_since(since) >= PATIENCE {
            return Err(CannotProbe::Lost { to, why: why.text() });
        }
        self.until = Some(now + PAUSE);
        Ok(())
    }

    /// The target that has waited longest.
    pub(super) fn first(&self) -> Option<IpAddr> {
        self.first.map(|(to, _)| to)
    }

    /// Its route is found again.
    pub(super) fn found(&mut self) {
        *self = Self::default();
    }

    /// Whether it is too early to ask anything.
    pub(super) fn pauses(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }
}

impl Unroutable {
    fn text(self) -> &'static str {
        match self {
            Self::NoRoute => "its route has been gone for a minute",
            Self::LinkDown => "its interface or the link has been down for a minute",
            Self::NoGateway => "its gateway has not answered for a minute",
        }
    }
}

/// As long as a switch starts up, or a lease is asked for again.
const PATIENCE: Duration = Duration::from_secs(60);
/// Until it is looked for again.
const PAUSE: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_is_waited_for_a_minute_in_all_and_anew_once_it_was_found() {
        let (mut lost, began) = (LostRoute::default(), Instant::now());
        let [one, other] = ["170.114.0.1", "170.114.0.2"].map(|address| address.parse().unwrap());
        lost.waits(one, Unroutable::LinkDown, began).unwrap();
        lost.waits(other, Unroutable::NoRoute, began + Duration::from_secs(59)).unwrap();
        let said = lost.waits(other, Unroutable::NoGateway, began + Duration::from_secs(60)).unwrap_err();
        assert_eq!(said.to_string(), "send to 170.114.0.1 any more (its gateway has not answered for a minute)");
        lost.found();
        lost.waits(other, Unroutable::LinkDown, began + Duration::from_secs(61)).unwrap();
    }

    #[test]
    fn nothing_is_asked_for_a_moment() {
        let (mut lost, began) = (LostRoute::default(), Instant::now());
        assert!(!lost.pauses(began));
        lost.waits("::1".parse().unwrap(), Unroutable::NoRoute, began).unwrap();
        assert!(lost.pauses(began + Duration::from_millis(249)) && !lost.pauses(began + Duration::from_millis(250)));
    }
}
