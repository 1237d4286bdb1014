//! A way through a proxy: finds it, dials it, asks it for a tunnel, and hands the tunnel on.
//!
//! It asks once, sends no credentials that the user did not give, and puts nothing of its own into the tunnel.

mod connect;
mod leftover;
mod socks;
mod tls;

use std::time::Duration;

use super::Means;
use super::dial::{Opened, told};
use super::dial_host::{Way, reach};
use crate::model::{CannotProbe, Fact, Failure, How, Proxy, ProxyScheme, Stage};
use crate::net::Stream;
use crate::os::Clock;

/// What came of asking a proxy for a tunnel.
pub struct Tunnelled {
    /// [`Fact::Icmp`], [`Fact::Connected`], [`Fact::Garbage`] and [`Fact::Tunnel`], in the order they came.
    pub facts: Vec<Fact>,
    /// A stream to the host behind the proxy, or how it ended; every failure is of [`Stage::Proxy`].
    ///
    /// The stream's `local`, `icmp` and `set_ttl` are those of the connection to the proxy.
    pub stream: Result<Box<dyn Stream>, Failure>,
}

/// Asks a proxy for a tunnel to a host and port; the proxy resolves the host.
///
/// The wait bounds each step by itself: finding the proxy, each connection to one of its addresses (three at most),
/// TLS with it, and its answer. The host is a name, or an address without brackets.
///
/// # Errors
/// [`CannotProbe`] when the lookup or the dial could not be made, or the host's name cannot be put into a request.
pub async fn tunnel(
    means: &Means<'_>,
    proxy: &Proxy,
    host: &str,
    port: u16,
    wait: Duration,
) -> Result<Tunnelled, CannotProbe> {
    tunnel_by(means, proxy, (host, port), Way::plain(wait)).await
}

/// As [`tunnel`], dialling the proxy with the options of a probe.
///
/// # Errors
/// As for [`tunnel`].
pub(crate) async fn tunnel_by(
    means: &Means<'_>,
    proxy: &Proxy,
    to: (&str, u16),
    way: Way,
) -> Result<Tunnelled, CannotProbe> {
    let Opened { mut facts, stream } = reach(means, &proxy.host, proxy.port, way).await?;
    let stream = match stream {
        Ok(stream) => stream,
        Err(failure) => return Ok(Tunnelled { facts, stream: Err(Failure { stage: Stage::Proxy, ..failure }) }),
    };
    let ask = Ask { proxy, host: to.0, port: to.1, clock: means.clock, wait: way.wait };
    let asked = match proxy.scheme {
        ProxyScheme::Http => connect::ask(&ask, stream).await?,
        ProxyScheme::Https => match tls::wrap(&ask, stream, means.trust).await? {
            Ok(stream) => connect::ask(&ask, stream).await?,
            Err(refused) => refused,
        },
        ProxyScheme::Socks5 => socks::ask(&ask, stream).await?,
    };
    facts.extend(asked.facts);
    Ok(Tunnelled { facts, stream: asked.stream })
}

/// What is asked of a proxy that is connected.
struct Ask<'a> {
    proxy: &'a Proxy,
    host: &'a str,
    port: u16,
    clock: &'a dyn Clock,
    wait: Duration,
}

/// How many characters of what was no answer are kept, as [`Fact::Garbage`] says.
const GARBAGE: usize = 120;

/// The end of a connection to a proxy: what ICMP said meanwhile, and the failure.
fn ended(mut stream: Box<dyn Stream>, mut facts: Vec<Fact>, failure: Failure) -> Tunnelled {
    facts.extend(told(stream.icmp()));
    Tunnelled { facts, stream: Err(failure) }
}

/// An answer that breaks its protocol; the text is ours.
fn malformed(why: impl Into<String>) -> Failure {
    Failure::new(Stage::Proxy, How::Malformed).saying(why)
}

#[cfg(test)]
mod tests;
