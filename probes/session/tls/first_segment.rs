//! One segment of a ClientHello on a connection that stands, with a TTL that ends on the way: what comes back?
//!
//! It never sends a second segment: one that passes where the other dies would tell of a wrong place.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::{ClientHello, Recorder};
use crate::model::{CannotProbe, Hop, HopAnswer, How, micros};
use crate::net::traceroute::{Step, step_answer};
use crate::net::{Dial, Dialled, Outcome, Stream};
use crate::session::Means;
use crate::session::stream_error::broken;

/// Connects, and then sends the hello's first segment at this TTL.
///
/// Once a connection stands, Linux reports an ICMP error without its sender (`tcp_v4_err`). The router is the one that
/// a traceroute with SYNs meets at the same hop.
///
/// # Errors
/// As [`crate::net::Network::dial`]; and where the system keeps the TTL of a connection that stands.
pub(crate) async fn first_segment(
    means: &Means<'_>,
    dial: Dial,
    hello: &ClientHello,
    (ttl, wait): (u8, Duration),
) -> Result<Step, CannotProbe> {
    let hop = |came, rtt_us| Hop { ttl, came, from: None, rtt_us };
    let Dialled { outcome, .. } = means.network.dial(dial).await?;
    let mut stream = match outcome {
        Outcome::Connected(stream) => stream,
        // Whatever kept the connection from standing says nothing of the hello.
        Outcome::Failed(how @ (How::NoRoute | How::NotPermitted | How::Exhausted), _) => return Ok(Err(how)),
        Outcome::Failed(..) => return Ok(Ok(hop(HopAnswer::Silent, None))),
    };
    let bytes = hello
        .bytes(&Recorder::new())
        .map_err(|error| CannotProbe::Io { operation: "make a ClientHello", source: io::Error::other(error) })?;
    let segment = bytes.get(..stream.segment_bytes().unwrap_or(SEGMENT)).unwrap_or(&bytes);
    if !stream.set_ttl(ttl) {
        return Err(CannotProbe::Unsupported { what: "a ClientHello with a TTL of its own", why: NO_TTL });
    }
    let began = means.clock.elapsed();
    let heard = timeout(wait, async {
        stream.write_all(segment).await?;
        hear(&mut *stream).await
    })
    .await;
    let rtt_us = Some(micros(means.clock.elapsed().saturating_sub(began)));
    // The RST that ends the connection is meant to arrive.
    stream.set_ttl(FAR);
    Ok(match heard {
        Err(_) => Ok(hop(HopAnswer::Silent, None)),
        Ok(Ok(0)) => Ok(hop(HopAnswer::Refused, rtt_us)),
        Ok(Ok(_)) => Ok(hop(HopAnswer::Answered, rtt_us)),
        Ok(Err(error)) => match broken(&error).0 {
            // An expired TTL is EHOSTUNREACH (`icmp_err_convert`).
            How::Unreachable => Ok(hop(HopAnswer::Expired, rtt_us)),
            how => step_answer(how).map(|came| hop(came, rtt_us)),
        },
    })
}

/// The number of bytes that came, or the error.
async fn hear(stream: &mut dyn Stream) -> io::Result<usize> {
    let mut answer = [0; 1];
    loop {
        match timeout(GLANCE, stream.read(&mut answer)).await {
            Ok(ended) => return ended,
            // A connection that stands wakes nobody for an ICMP error.
            Err(_) => {
                if let Some(error) = stream.soft_error() {
                    return Err(error);
                }
            }
        }
    }
}

/// Far below the time in which a router's answer matters, far above what costs anything.
const GLANCE: Duration = Duration::from_millis(20);
/// What fits any segment of an Ethernet, with IPv6 and TCP's timestamps too.
const SEGMENT: usize = 1428;
/// The usual initial TTL (RFC 1700; IANA's recommended default).
const FAR: u8 = 64;
const NO_TTL: &str = "it does not change the TTL of a connection that stands";
