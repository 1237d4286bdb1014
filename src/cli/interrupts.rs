//! Hears that the user wants the run to end: Ctrl-C, or SIGTERM from a scheduler.
//!
//! It ends nothing by itself; from when it listens, the signals end the program no more.

use anyhow::Context;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Signals that ask for an end.
pub(super) struct Interrupts {
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    terminate: Signal,
    heard: bool,
}

impl Interrupts {
    /// Listens from now on; needs a runtime.
    ///
    /// # Errors
    /// When the system won't tell of signals.
    #[cfg(unix)]
    pub(super) fn listen() -> anyhow::Result<Self> {
        let hear = |kind| signal(kind).context("could not listen for signals");
        Ok(Self { interrupt: hear(SignalKind::interrupt())?, terminate: hear(SignalKind::terminate())?, heard: false })
    }

    /// Listens from when it is first waited for.
    ///
    /// # Errors
    /// None on this system; others may refuse.
    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "other systems may refuse")]
    pub(super) fn listen() -> anyhow::Result<Self> {
        Ok(Self { heard: false })
    }

    /// Comes when a signal does.
    pub(super) async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        self.heard = true;
    }

    /// Whether a signal came while it was waited for.
    pub(super) fn heard(&self) -> bool {
        self.heard
    }
}
