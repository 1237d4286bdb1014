//! What an engine is to whoever drives it.

use std::net::SocketAddr;
use std::time::Duration;

use super::response::{Response, Returned};
use crate::model::{CannotProbe, Pending};

/// Asks many addresses, one transport, side by side.
pub trait Engine: Send {
    /// Its name, as the command line has it.
    fn name(&self) -> &'static str;

    /// How many packets a target comes to.
    fn cost(&self) -> Cost;

    /// How long a target is given: what has not answered by then is silent.
    fn wait(&self) -> Duration;

    /// How many more targets can be asked now, for reasons of this computer's: descriptors, ports; none
    /// while it waits for a way that is gone.
    fn room(&self) -> usize;

    /// Probes these in turn, without waiting, and returns how many. Fewer than given means that this computer has no
    /// room for more now.
    ///
    /// # Errors
    /// [`CannotProbe`] when nothing more can be asked at all.
    fn ask(&mut self, targets: &[SocketAddr]) -> Result<usize, CannotProbe>;

    /// Takes what came, without waiting. An answer may come twice, or after its time.
    ///
    /// # Errors
    /// [`CannotProbe`] when nothing more can be heard.
    fn hear(&mut self, returned: &mut Vec<Returned>) -> Result<(), CannotProbe>;

    /// Waits until something may have come. Safe to drop.
    ///
    /// # Errors
    /// [`CannotProbe`] when nothing more can be heard.
    fn ready(&mut self) -> Pending<'_, Result<(), CannotProbe>>;
}

/// Packets that this computer sends for one target, by what comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Where it is open: the SYN, and what ends the connection. No other case costs more.
    pub open: u32,
    /// In all other cases.
    pub otherwise: u32,
}

impl Cost {
    /// What a target comes to that responded so.
    pub fn of(self, response: Response) -> u32 {
        if response == Response::Open { self.open } else { self.otherwise }
    }
}
