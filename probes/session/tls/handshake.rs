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
use crate::model::{IcmpError, IcmpMeaning};
use crate::net::Stream;
use crate::net::counting_stream::Tap;

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
pub(crate) async fn handshake<'w>(
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

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use proptest::prelude::*;
    use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};

    use super::super::{Told, told};
    use super::*;
    use crate::model::{Failure, How, Settings, Stage, Target};

    /// One end of a pipe, on which these ICMP errors come.
    struct Pipe {
        end: DuplexStream,
        icmp: Vec<IcmpError>,
    }

    impl Stream for Pipe {
        fn local(&self) -> SocketAddr {
            ([127, 0, 0, 1], 1).into()
        }

        fn icmp(&mut self) -> Vec<IcmpError> {
            std::mem::take(&mut self.icmp)
        }

        fn set_ttl(&mut self, _: u8) -> bool {
            false
        }
    }

    impl AsyncRead for Pipe {
        fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.end).poll_read(cx, buf)
        }
    }

    impl AsyncWrite for Pipe {
        fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.end).poll_write(cx, bytes)
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.end).poll_flush(cx)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.end).poll_shutdown(cx)
        }
    }

    fn from_router(meaning: IcmpMeaning) -> IcmpError {
        IcmpError { from: Some([192, 0, 2, 1].into()), meaning, kind: 0, code: 0, own: false, mtu: None }
    }

    /// What is told of a handshake whose peer answers these bytes to whatever comes, and keeps the connection if `holds`.
    async fn told_of(answer: &[u8], holds: bool, icmp: Vec<IcmpError>, progress: Progress) -> Told {
        let (ours, mut theirs) = tokio::io::duplex(16 * 1024);
        let hello = ClientHello::new(&Target::name("zoom.us"), &Settings::default()).unwrap();
        let mut wire: Wire = Tap::new(Box::new(Pipe { end: ours, icmp }), 64 * 1024);
        let mut errors = Vec::new();
        let recorder = Recorder::new();
        let peer = async move {
            let mut heard = [0; 4096];
            let _heard = theirs.read(&mut heard).await;
            let _sent = theirs.write_all(answer).await;
            if holds {
                std::future::pending::<()>().await;
            }
            drop(theirs);
            std::future::pending::<()>().await;
        };
        let ended = tokio::select! {
            biased;
            shaken = handshake(&mut wire, &hello, &recorder, progress, &mut errors) => shaken.map(|_| ()).unwrap_err(),
            () = peer => unreachable!(),
        };
        errors.append(&mut wire.inner().icmp());
        told(&ended, &wire, &errors, progress)
    }

    const SHORT: Duration = Duration::from_millis(60);
    const LONG: Duration = Duration::from_secs(600);

    #[tokio::test]
    async fn a_hello_that_dies_on_the_way_ends_the_wait_at_once() {
        let icmp = vec![from_router(IcmpMeaning::TimeExceeded)];
        let told = told_of(b"", true, icmp, Progress { wait: LONG, expires: true }).await;
        assert_eq!(told.failure, Failure::new(Stage::Hello, How::Expired));
    }

    #[tokio::test]
    async fn a_router_that_forbids_says_more_than_the_silence() {
        let icmp = vec![from_router(IcmpMeaning::Prohibited)];
        let told = told_of(b"", true, icmp, Progress { wait: SHORT, expires: false }).await;
        assert_eq!(told.failure, Failure::new(Stage::Hello, How::Prohibited).after(SHORT));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_answer_makes_it_panic_or_hang(answer: Vec<u8>, record in any::<bool>()) {
            let header = [22, 3, 3, 0, u8::try_from(answer.len().min(200)).unwrap()];
            let answer = if record { [header.as_slice(), &answer].concat() } else { answer };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let told = runtime.block_on(told_of(&answer, false, Vec::new(), Progress { wait: LONG, expires: false }));
            let stage = if answer.is_empty() { Stage::Hello } else { Stage::Handshake };
            prop_assert_eq!(told.failure.stage, stage);
        }
    }
}
