//! Opens a TCP connection for a probe and tells it as facts.
//!
//! How the dial failed is the network's answer; this only puts it into the words of a probe.

use super::Means;
use crate::model::{CannotProbe, Connected, Fact, Failure, How, IcmpError, Stage, micros};
use crate::net::{Dial, Dialled, Outcome, Stream};

/// What was seen of a connection's making, and the stream or what came instead.
pub(crate) struct Opened {
    /// [`Fact::Icmp`] and [`Fact::Connected`], in the order they came.
    pub(crate) facts: Vec<Fact>,
    pub(crate) stream: Result<Box<dyn Stream>, Failure>,
}

/// Dials. Failures are of [`Stage::Connect`]; only silence says how long it lasted.
///
/// # Errors
/// As [`crate::net::Network::dial`].
pub(crate) async fn open(means: &Means<'_>, dial: Dial) -> Result<Opened, CannotProbe> {
    let peer = dial.to;
    let Dialled { outcome, took, icmp } = means.network.dial(dial).await?;
    let mut facts: Vec<Fact> = told(icmp).collect();
    let stream = match outcome {
        Outcome::Connected(stream) => {
            facts.push(Fact::Connected(Connected { rtt_us: micros(took), local: stream.local(), peer }));
            Ok(stream)
        }
        Outcome::Failed(how, errno) => {
            let failure = Failure::new(Stage::Connect, how);
            let failure = if how == How::Silent { failure.after(took) } else { failure };
            Err(failure.saying_any(errno))
        }
    };
    Ok(Opened { facts, stream })
}

/// The first ICMP errors of a flow as facts: anyone on the way can send any number of them.
pub(crate) fn told(icmp: Vec<IcmpError>) -> impl Iterator<Item = Fact> {
    icmp.into_iter().take(ICMP_ERRORS).map(Fact::Icmp)
}

/// One tells what is the matter, a few that it goes on.
const ICMP_ERRORS: usize = 8;
