//! Opens a TCP connection for a probe and tells it as facts.
//!
//! How the dial failed is the network's answer; this only puts it into the words of a look.

use super::{CannotLook, Connected, Dial, Fact, Failure, How, Means, Outcome, Stage, Stream};

/// What was seen of a connection's making, and the stream or what came instead.
pub(crate) struct Opened {
    pub(crate) facts: Vec<Fact>,
    pub(crate) stream: Result<Box<dyn Stream>, Failure>,
}

/// Dials.
///
/// # Errors
/// As [`super::Network::dial`].
pub(crate) async fn open(means: &Means<'_>, dial: Dial) -> Result<Opened, CannotLook> {
    let (peer, wait) = (dial.to, dial.wait);
    let dialled = means.network.dial(dial).await?;
    let mut facts = Vec::new();
    let stream = match dialled.outcome {
        Outcome::Connected(stream) => {
            let rtt_us = u64::try_from(dialled.took.as_micros()).unwrap_or(u64::MAX);
            facts.push(Fact::Connected(Connected { rtt_us, local: stream.local(), peer }));
            Ok(stream)
        }
        Outcome::Failed(how, errno) => {
            let failure = Failure::new(Stage::Connect, how);
            let failure = if how == How::Silent { failure.after(wait) } else { failure };
            Err(match errno {
                Some(errno) => failure.saying(errno),
                None => failure,
            })
        }
    };
    facts.extend(dialled.icmp.into_iter().map(Fact::Icmp));
    Ok(Opened { facts, stream })
}
