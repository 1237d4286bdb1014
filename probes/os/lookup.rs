//! Resolves a name by the system's own library, within a time given.
//!
//! The library can hang for minutes (a truncated answer whose TCP retry is dropped) and can't be interrupted. So it
//! works on a thread of the runtime's blocking pool that may outlive the probe. A program must end its runtime with
//! `shutdown_background`, or it waits for the library.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::SystemLookup;
use crate::model::CannotProbe;
use crate::wire::text::shown;

/// Addresses kept of one name.
const MOST_ADDRESSES: usize = 64;

/// Asks the library, and waits at most that long.
pub(super) async fn lookup(name: &str, wait: Duration) -> Result<SystemLookup, CannotProbe> {
    let name = name.to_owned();
    within(wait, move || Ok(distinct((name.as_str(), 0).to_socket_addrs()?.map(|to| to.ip())))).await
}

async fn within(
    wait: Duration,
    ask: impl FnOnce() -> io::Result<Vec<IpAddr>> + Send + 'static,
) -> Result<SystemLookup, CannotProbe> {
    match timeout(wait, spawn_blocking(ask)).await {
        Err(_) => Ok(SystemLookup::Silent),
        Ok(Ok(Ok(found))) => Ok(SystemLookup::Found(found)),
        Ok(Ok(Err(said))) => Ok(failed(&said)),
        Ok(Err(ended)) => {
            Err(CannotProbe::Io { operation: "run the system's name lookup", source: io::Error::other(ended) })
        }
    }
}

fn distinct(found: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for address in found {
        if addresses.len() == MOST_ADDRESSES {
            break;
        }
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// The standard library hands on `gai_strerror`'s text and not its code; this program never sets a locale, so that the
/// text is the C library's own: glibc's `EAI_NONAME`, `EAI_NODATA` and `EAI_ADDRFAMILY`, then musl's first two.
const NO_SUCH_NAME: [&str; 5] = [
    "Name or service not known",
    "No address associated with hostname",
    "Address family for hostname not supported",
    "Name does not resolve",
    "Name has no usable address",
];

/// `EAI_AGAIN` in glibc's words and in musl's.
const TRY_AGAIN: [&str; 2] = ["Temporary failure in name resolution", "Try again"];

fn failed(said: &io::Error) -> SystemLookup {
    let words = shown(&said.to_string(), 200);
    if NO_SUCH_NAME.iter().any(|text| words.contains(text)) {
        SystemLookup::NotFound(words)
    } else if TRY_AGAIN.iter().any(|text| words.contains(text)) {
        SystemLookup::TryAgain(words)
    } else {
        SystemLookup::Failed(words)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::sync::mpsc;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn an_address_is_its_own_answer_without_any_server() {
        assert_eq!(
            lookup("127.0.0.1", SECOND).await.unwrap(),
            SystemLookup::Found(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)])
        );
    }

    #[tokio::test]
    async fn a_library_that_does_not_come_back_is_silent() {
        let (hold, waits) = mpsc::channel::<()>();
        let hang = move || Ok(waits.iter().map(|()| IpAddr::V4(Ipv4Addr::LOCALHOST)).collect());
        assert_eq!(within(Duration::from_millis(20), hang).await.unwrap(), SystemLookup::Silent);
        drop(hold);
    }

    #[test]
    fn no_such_name_is_told_from_a_library_that_could_not_tell() {
        let says = |text: &str| failed(&io::Error::other(format!("failed to lookup address information: {text}")));
        assert!(matches!(says("Name or service not known"), SystemLookup::NotFound(_)));
        assert!(matches!(says("No address associated with hostname"), SystemLookup::NotFound(_)));
        assert!(matches!(says("Temporary failure in name resolution"), SystemLookup::TryAgain(_)));
        assert!(matches!(says("Non-recoverable failure in name resolution"), SystemLookup::Failed(_)));
    }

    #[test]
    fn addresses_stand_once_in_the_order_given_and_are_bounded() {
        let address = |n: u8| IpAddr::V4(Ipv4Addr::new(192, 0, 2, n));
        assert_eq!(distinct([2, 1, 2, 3].map(address).into_iter()), [2, 1, 3].map(address));
        assert_eq!(distinct((0..=255).map(address)).len(), MOST_ADDRESSES);
    }
}
