//! One DNS question to one server over a stream: the connection, the two-byte framing, the answer's facts.
//!
//! It asks once and never dials a second time.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::model::{CannotProbe, Fact, Failure, How, Settings, Stage, micros};
use crate::net::counting_stream::Tap;
use crate::net::{Dial, Stream};
use crate::session::Means;
use crate::session::dial::open;
use crate::session::stream_error::broken;
use crate::wire::dns::Question;
use crate::wire::text::shown_bytes;

/// A question, the server that is asked, and what it is asked with.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    /// What does the asking.
    pub(crate) means: &'a Means<'a>,
    /// What is asked.
    pub(crate) question: &'a Question,
    /// Who is asked.
    pub(crate) server: SocketAddr,
    /// The variables of the probe.
    pub(crate) settings: &'a Settings,
}

/// Asks over plain TCP (RFC 7766). Every failure is of [`Stage::Resolve`]; whether the connection stood is a fact.
///
/// # Errors
/// [`CannotProbe`] when no socket could be made.
pub(crate) async fn by_tcp(asking: Asking<'_>, facts: &mut Vec<Fact>) -> Result<Option<Failure>, CannotProbe> {
    let stream = match asking.connect(facts).await? {
        Ok(stream) => stream,
        Err(failure) => return Ok(Some(Failure { stage: Stage::Resolve, ..failure })),
    };
    let query = asking.question.query();
    let mut tap = Tap::new(stream, STREAM_BYTES);
    let (sent, mut framed) = (asking.means.clock.elapsed(), Framed::default());
    let ended = timeout(asking.wait(), exchange(&mut tap, &query.bytes, &mut framed)).await;
    facts.extend(tap.inner().icmp().into_iter().map(Fact::Icmp));
    Ok(asking.framed(ended.ok(), &framed, query.id, sent, facts))
}

impl Asking<'_> {
    /// How long a connection's answer may take, a TLS handshake included.
    pub(crate) fn wait(&self) -> Duration {
        self.settings.wait_or(ANSWER_WAIT)
    }

    /// Connects to the server; the failure is of [`Stage::Connect`].
    pub(crate) async fn connect(&self, facts: &mut Vec<Fact>) -> Result<Result<Box<dyn Stream>, Failure>, CannotProbe> {
        let wait = self.settings.wait_or(CONNECT_WAIT);
        let Settings { ttl, mss, source, .. } = *self.settings;
        let opened = open(self.means, Dial { to: self.server, wait, ttl, mss, source }).await?;
        facts.extend(opened.facts);
        Ok(opened.stream)
    }

    /// What came of an [`exchange`]; `None` says that its time ran out.
    pub(crate) fn framed(
        &self,
        ended: Option<io::Result<()>>,
        framed: &Framed,
        id: u16,
        sent: Duration,
        facts: &mut Vec<Fact>,
    ) -> Option<Failure> {
        let (how, words) = match ended {
            Some(Ok(())) => return self.answered(framed.message(), id, sent, facts),
            Some(Err(error)) => broken(&error),
            None => (How::Silent, None),
        };
        let failure = Failure::new(Stage::Resolve, how).after(self.means.clock.elapsed().saturating_sub(sent));
        Some(failure.saying_any(words.or_else(|| framed.progress())))
    }

    /// Reads the one message that came, as [`Fact::Answer`] or as [`Fact::Garbage`].
    pub(crate) fn answered(&self, bytes: &[u8], id: u16, sent: Duration, facts: &mut Vec<Fact>) -> Option<Failure> {
        let words = match self.question.read(bytes) {
            Ok(reading) if reading.id == id => {
                let rtt = self.means.clock.elapsed().saturating_sub(sent);
                facts.push(Fact::Answer(reading.answer(1, micros(rtt))));
                return reading.failure();
            }
            Ok(_) => "a DNS answer with another id".to_owned(),
            Err(unreadable) => unreadable.to_string(),
        };
        facts.push(garbage(bytes));
        Some(Failure::new(Stage::Resolve, How::Malformed).saying(words))
    }
}

/// A message with its length in front (RFC 1035, 4.2.2), as far as it came.
#[derive(Debug, Default)]
pub(crate) struct Framed {
    bytes: Vec<u8>,
}

impl Framed {
    fn length(&self) -> Option<usize> {
        self.bytes.first_chunk::<2>().map(|length| usize::from(u16::from_be_bytes(*length)))
    }

    fn missing(&self) -> usize {
        self.length().map_or(2, |length| length + 2).saturating_sub(self.bytes.len())
    }

    fn message(&self) -> &[u8] {
        self.bytes.get(2..).unwrap_or_default()
    }

    /// How much of it came, where it began and did not end.
    fn progress(&self) -> Option<String> {
        let length = self.length().filter(|_| self.missing() > 0)?;
        Some(format!("{} of {length} announced bytes came", self.message().len()))
    }
}

/// Sends a query and reads one message; on any error `framed` holds what came until then.
///
/// # Errors
/// The stream's own, and [`io::ErrorKind::UnexpectedEof`] when it ends before the message does.
pub(crate) async fn exchange<S>(stream: &mut S, query: &[u8], framed: &mut Framed) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let length = u16::try_from(query.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    // One write: some servers and filters want length and query in one segment (RFC 7766, 8).
    stream.write_all(&[&length.to_be_bytes(), query].concat()).await?;
    stream.flush().await?;
    while framed.missing() > 0 {
        // The buffer grows with what comes, never by what was announced.
        let mut rest = (&mut *stream).take(framed.missing() as u64);
        if rest.read_buf(&mut framed.bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

/// The beginning of bytes that are no answer.
pub(crate) fn garbage(bytes: &[u8]) -> Fact {
    Fact::Garbage { text: shown_bytes(bytes.get(..GARBAGE_BYTES).unwrap_or(bytes), GARBAGE_BYTES) }
}

/// Holds three SYNs (RFC 6298, 2.1).
const CONNECT_WAIT: Duration = Duration::from_millis(3200);
/// A resolver that has to ask others itself, and their retries.
const ANSWER_WAIT: Duration = Duration::from_secs(4);
/// One message of 65 535 bytes with all that TLS or HTTP wraps around it.
pub(crate) const STREAM_BYTES: u64 = 256 * 1024;
const GARBAGE_BYTES: usize = 120;
