//! Drives one handshake to its end, to its last progress, or to its limit.
//!
//! It starts no task and keeps no stream: dropping the future leaves the tapped stream with its owner.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::time::{Instant, sleep_until};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::{Connect, TlsStream};

use super::{ClientHello, Recorder};
use crate::kit::tap::Tap;
use crate::kit::{IcmpError, IcmpMeaning, Stream};

/// The stream a handshake goes over.
pub(crate) type Wire = Tap<Box<dyn Stream>>;

/// How long a handshake may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    /// From the hello to the first byte, and from each byte to the next; three times that in all.
    pub(crate) wait: Duration,
    /// The hello is meant to die on the way: an ICMP "time exceeded" is the end.
    pub(crate) expires: bool,
}

impl Progress {
    /// The time for the whole handshake: three flights at most (RFC 5246, section 7.3), each of which may take one wait.
    pub(super) fn whole(self) -> Duration {
        self.wait * 3
    }
}

/// How a handshake ended short of its end.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The stream or the protocol broke.
    Broken(io::Error),
    /// No further byte came in time.
    Stalled,
    /// Bytes kept coming and the handshake did not end.
    Endless,
    /// The hello's TTL ended on the way.
    Expired,
}

/// Shakes hands over a wire; ICMP errors that came meanwhile are added to `icmp`.
///
/// # Errors
/// [`Ended`], and what came until then is in the wire and the recorder.
pub(crate) async fn shake<'w>(
    wire: &'w mut Wire,
    hello: &ClientHello,
    recorder: &Arc<Recorder>,
    progress: Progress,
    icmp: &mut Vec<IcmpError>,
) -> Result<TlsStream<&'w mut Wire>, Ended> {
    let config = hello.config(recorder).map_err(|error| Ended::Broken(io::Error::other(error)))?;
    let name: ServerName<'static> = hello.rustls_name();
    let mut connect = TlsConnector::from(Arc::new(config)).connect(name, wire);
    let began = Instant::now();
    loop {
        let due = due(&connect, began, progress);
        tokio::select! {
            biased;
            ended = &mut connect => return ended.map_err(Ended::Broken),
            () = sleep_until(due) => {}
        }
        let Some(wire) = connect.get_mut() else { return Err(Ended::Stalled) };
        icmp.append(&mut wire.inner().icmp());
        if progress.expires && icmp.iter().any(|error| error.meaning == IcmpMeaning::TimeExceeded) {
            return Err(Ended::Expired);
        }
        let now = Instant::now();
        if now >= wire.last() + progress.wait {
            return Err(Ended::Stalled);
        }
        if now >= began + progress.whole() {
            return Err(Ended::Endless);
        }
    }
}

/// When to look up from waiting: at the nearest limit, or sooner where an ICMP error is expected, for a stream wakes nobody
/// for its error queue.
fn due(connect: &Connect<&mut Wire>, began: Instant, progress: Progress) -> Instant {
    let last = connect.get_ref().map_or(began, |wire| wire.last());
    let limit = (last + progress.wait).min(began + progress.whole());
    if progress.expires { limit.min(Instant::now() + GLANCE) } else { limit }
}

/// Far below the time in which a router's answer matters, far above what costs anything.
const GLANCE: Duration = Duration::from_millis(25);
