//! The tools of the computer that the program runs on.

use std::sync::Arc;

use why5003_probes::net::Sockets;
use why5003_probes::os::{System, SystemClock, Trust, this_system};

use crate::run::Tools;

/// The real network, system and clock of this computer, with these root certificates.
pub fn this_computer(trust: Trust) -> Tools {
    Tools {
        network: Arc::new(Sockets::new()),
        clock: Arc::new(SystemClock::start()),
        system: Arc::<dyn System>::from(this_system()),
        trust: Arc::new(trust),
    }
}
