//! The engine without privileges: non-blocking TCP connections, thousands at once, each closed as soon as it stands.
//!
//! What it looks at: how a connection begins. It sends no byte of data, and ends a standing connection by a RST, so
//! that neither this computer nor a NAT on the path keeps a port. It waits less than a second for each, before the
//! kernel's first retransmission (RFC 6298, 2.1): so one target is one SYN, and the pace is what was asked for.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use mio::Interest;
use socket2::{Protocol, Type};

use super::engine::{Cost, Engine};
use super::flights::{Flight, Flights, failed};
use super::response::{Response, Returned};
use crate::model::{CannotProbe, Pending};
use crate::net::errno::io_error;

/// Asks by TCP connections of the kernel's.
pub struct Connect(Flights);

impl Connect {
    /// An engine that gives each target so long, and less than a second; `source` is the address to send from.
    ///
    /// # Errors
    /// [`CannotProbe`] when this computer gives no poll.
    pub fn new(wait: Duration, source: Option<IpAddr>) -> Result<Self, CannotProbe> {
        Flights::new(Interest::WRITABLE, wait.min(BEFORE_THE_SECOND_SYN), source).map(Self)
    }
}

impl Engine for Connect {
    fn name(&self) -> &'static str {
        "connect"
    }

    fn cost(&self) -> Cost {
        // SYN, ACK, RST.
        Cost { open: 3, otherwise: 1 }
    }

    fn wait(&self) -> Duration {
        self.0.wait()
    }

    fn room(&self) -> usize {
        self.0.room()
    }

    fn ask(&mut self, targets: &[SocketAddr]) -> Result<usize, CannotProbe> {
        // The SYN went with the connection's beginning.
        self.0.begin_all((Type::STREAM, Protocol::TCP), targets, |_, _| Ok(()))
    }

    fn hear(&mut self, returned: &mut Vec<Returned>) -> Result<(), CannotProbe> {
        self.0.hear(returned, end)
    }

    fn ready(&mut self) -> Pending<'_, Result<(), CannotProbe>> {
        Box::pin(self.0.ready())
    }
}

/// How a connection began, or why it did not; `None` where it is no longer known.
fn end(flight: &Flight) -> Result<Option<Response>, CannotProbe> {
    match flight.socket.take_error() {
        Ok(None) => {
            flight.socket.set_linger(Some(Duration::ZERO)).map_err(io_error("set a TCP socket's options"))?;
            Ok(Some(Response::Open))
        }
        Ok(Some(error)) => Ok(failed(flight, &error)),
        Err(source) => Err(CannotProbe::Io { operation: "read a TCP socket's error", source }),
    }
}

/// The kernel sends its SYN again after a second (RFC 6298, 2.1).
const BEFORE_THE_SECOND_SYN: Duration = Duration::from_millis(950);

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::collections::BTreeMap;
    use std::io::{self, Read};
    use std::time::Instant;

    use super::*;
    use crate::testing::{ClosedTcp, SilentTcp};

    /// Asks all, and hears until as many came as are waited for, or nothing more can come.
    async fn heard(engine: &mut Connect, targets: &[SocketAddr], wanted: usize) -> BTreeMap<SocketAddr, Response> {
        assert_eq!(engine.ask(targets).unwrap(), targets.len());
        let mut returned = Vec::new();
        let end = Instant::now() + Duration::from_secs(5);
        while returned.len() < wanted && Instant::now() < end {
            let _ = tokio::time::timeout(Duration::from_millis(20), engine.ready()).await;
            engine.hear(&mut returned).unwrap();
        }
        returned.into_iter().map(|came| (came.to, came.response)).collect()
    }

    #[tokio::test]
    async fn open_closed_and_silent_are_told_apart() {
        let listener = std::net::TcpListener::bind("[::1]:0").unwrap();
        let (closed, silent) = (ClosedTcp::new(), SilentTcp::new());
        let open = listener.local_addr().unwrap();
        let mut engine = Connect::new(Duration::from_millis(100), None).unwrap();
        let came = heard(&mut engine, &[open, closed.address(), silent.address()], 2).await;
        let wanted = [(open, Response::Open), (closed.address(), Response::Closed { ttl: None })];
        assert_eq!(came, BTreeMap::from(wanted));
    }

    #[tokio::test]
    async fn what_stands_is_reset_and_what_is_silent_given_up() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let silent = SilentTcp::new();
        let mut engine = Connect::new(Duration::from_millis(50), None).unwrap();
        let before = engine.room();
        heard(&mut engine, &[listener.local_addr().unwrap(), silent.address()], 1).await;
        let reset = listener.accept().unwrap().0.read(&mut [0]).unwrap_err();
        assert_eq!(reset.kind(), io::ErrorKind::ConnectionReset);
        while engine.room() < before {
            engine.hear(&mut Vec::new()).unwrap();
        }
    }

    #[tokio::test]
    async fn without_room_it_asks_no_more() {
        let silent = SilentTcp::new();
        let mut engine = Connect::new(Duration::from_millis(900), None).unwrap();
        engine.0.at_most(2);
        assert_eq!(engine.ask(&[silent.address(); 5]).unwrap(), 2);
    }

    #[tokio::test]
    async fn an_address_of_another_family_than_the_source_is_no_lack_of_room() {
        let mut engine = Connect::new(Duration::from_millis(100), Some("127.0.0.1".parse().unwrap())).unwrap();
        assert!(engine.ask(&["[::1]:9".parse().unwrap()]).is_err());
    }
}
