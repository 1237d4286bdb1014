//! What ends a sweep early: its caller, or its deadline. Both of its stages wait for it.

use std::future::{Future, pending};
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::report::StoppedBy;

/// What ends a sweep early.
pub(super) struct Stop<F> {
    caller: Pin<Box<F>>,
    deadline: Option<Instant>,
    came: Option<StoppedBy>,
}

impl<F: Future<Output = ()>> Stop<F> {
    /// The caller's, or so long from now on.
    pub(super) fn new(caller: F, deadline: Option<Duration>) -> Self {
        Self { caller: Box::pin(caller), deadline: deadline.map(|time| Instant::now() + time), came: None }
    }

    /// Comes when the sweep must end, and at once where it came before.
    pub(super) async fn wait(&mut self) {
        if self.came.is_some() {
            return;
        }
        let deadline = async {
            match self.deadline {
                Some(end) => sleep_until(end).await,
                None => pending().await,
            }
        };
        self.came = Some(tokio::select! {
            biased;
            () = &mut self.caller => StoppedBy::Interrupt,
            () = deadline => StoppedBy::Deadline,
        });
    }

    /// What came.
    pub(super) fn came(&self) -> Option<StoppedBy> {
        self.came
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_to_come_is_remembered_and_comes_at_once_again() {
        let mut stop = Stop::new(ready(()), Some(Duration::ZERO));
        stop.wait().await;
        stop.wait().await;
        assert_eq!(stop.came(), Some(StoppedBy::Interrupt));
        let mut stop = Stop::new(pending(), Some(Duration::from_secs(3)));
        let began = Instant::now();
        stop.wait().await;
        stop.wait().await;
        assert_eq!((stop.came(), began.elapsed().as_secs()), (Some(StoppedBy::Deadline), 3));
    }
}
