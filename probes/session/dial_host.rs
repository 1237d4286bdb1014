//! Finds and dials a host on the way to a probe's answer: a proxy, a server of proxy scripts.
//!
//! It never tries an address twice, and tries three addresses of a name at most.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::Means;
use super::dial::{Opened, open};
use crate::model::{CannotProbe, Failure, Family, How, Settings, Stage};
use crate::net::Dial;
use crate::os::SystemLookup;
use crate::wire::text::shown;

/// How a host is dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    /// How long each step may take: the lookup, each connection, each answer.
    pub(crate) wait: Duration,
    /// IP time to live.
    pub(crate) ttl: Option<u8>,
    /// TCP maximum segment size, in bytes.
    pub(crate) mss: Option<u16>,
    /// Local address to send from.
    pub(crate) source: Option<IpAddr>,
}

impl Way {
    /// A plain way.
    pub(crate) fn plain(wait: Duration) -> Self {
        Self { wait, ttl: None, mss: None, source: None }
    }

    /// The way that a probe's settings ask for.
    pub(crate) fn of(settings: &Settings, default_wait: Duration) -> Self {
        let wait = settings.wait_or(default_wait);
        Self { wait, ttl: settings.ttl, mss: settings.mss, source: settings.source }
    }
}

/// Resolves a host as programs on this computer would, and connects to the first of its addresses that answers.
///
/// An address literal is not looked up. Failures are of [`Stage::Resolve`] and [`Stage::Connect`], that of the address tried
/// first.
///
/// # Errors
/// [`CannotProbe`] when the lookup could not be made, or not one address could be tried.
pub(crate) async fn reach(means: &Means<'_>, host: &str, port: u16, way: Way) -> Result<Opened, CannotProbe> {
    let addresses = match find(means, host, way.wait).await? {
        Ok(addresses) => addresses,
        Err(failure) => return Ok(Opened { facts: Vec::new(), stream: Err(failure) }),
    };
    let same_family = |to: &IpAddr| way.source.is_none_or(|from| Family::of(from) == Family::of(*to));
    let mut facts = Vec::new();
    let (mut first_failure, mut first_error) = (None, None);
    for address in addresses.into_iter().filter(same_family).take(ADDRESSES_TRIED) {
        let to = SocketAddr::new(address, port);
        let dial = Dial { to, wait: way.wait, ttl: way.ttl, mss: way.mss, source: way.source };
        let opened = match open(means, dial).await {
            Ok(opened) => opened,
            Err(error) => {
                first_error.get_or_insert(error);
                continue;
            }
        };
        facts.extend(opened.facts);
        match opened.stream {
            Ok(stream) => return Ok(Opened { facts, stream: Ok(stream) }),
            Err(failure) => {
                first_failure.get_or_insert(failure);
            }
        }
    }
    match (first_failure, first_error) {
        (Some(failure), _) => Ok(Opened { facts, stream: Err(failure) }),
        (None, Some(error)) => Err(error),
        (None, None) => {
            let failure = Failure::new(Stage::Resolve, How::NotFound).saying("no address of the source's family");
            Ok(Opened { facts, stream: Err(failure) })
        }
    }
}

/// Clients try the next address of a name as well; more than three cost time and teach nothing.
const ADDRESSES_TRIED: usize = 3;

async fn find(means: &Means<'_>, host: &str, wait: Duration) -> Result<Result<Vec<IpAddr>, Failure>, CannotProbe> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(Ok(vec![address]));
    }
    let not_found = |words: &str| Failure::new(Stage::Resolve, How::NotFound).saying(shown(words, WORDS));
    Ok(match means.system.lookup(host, wait).await? {
        SystemLookup::Found(addresses) if addresses.is_empty() => Err(not_found("no address")),
        SystemLookup::Found(addresses) => Ok(each_once(addresses)),
        SystemLookup::NotFound(words) | SystemLookup::TryAgain(words) | SystemLookup::Failed(words) => {
            Err(not_found(&words))
        }
        SystemLookup::Silent => Err(Failure::new(Stage::Resolve, How::Silent).after(wait)),
    })
}

/// The system's library names an address once for each kind of socket, if it is asked so.
fn each_once(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let mut once = Vec::with_capacity(addresses.len());
    for address in addresses {
        if !once.contains(&address) {
            once.push(address);
        }
    }
    once
}

/// How many characters of the system's own words are kept.
const WORDS: usize = 120;
