//! The engine for UDP: one connected socket for each target, so that the ICMP errors that its datagram met reach it.
//!
//! What it looks at: what one small datagram draws. Ports 3478 and 3479 are probed in Zoom's own dialect, which its
//! servers answer. All other ports get a STUN Binding request (RFC 8489), which is harmless. No server needs to answer
//! it, so silence is normal there, and an ICMP error is what can be learned.

use std::io;
use std::mem::MaybeUninit;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use mio::Interest;
use socket2::{Protocol, Type};

use super::engine::{Cost, Engine};
use super::flights::{Flight, Flights, failed};
use super::response::{Response, Returned};
use crate::model::{CannotProbe, Dialect, Pending};
use crate::wire::stun;

/// Asks by a datagram each.
pub struct Datagrams {
    flights: Flights,
    /// What transactions are made of, beside the target.
    seed: u128,
}

impl Datagrams {
    /// An engine with a time-out for each target. The source is the address to send from, and the seed makes its
    /// requests differ from those of other runs.
    ///
    /// # Errors
    /// [`CannotProbe`] when this computer gives no poll.
    pub fn new(wait: Duration, source: Option<IpAddr>, seed: u128) -> Result<Self, CannotProbe> {
        Ok(Self { flights: Flights::new(Interest::READABLE, wait, source)?, seed })
    }
}

impl Engine for Datagrams {
    fn name(&self) -> &'static str {
        "udp"
    }

    fn cost(&self) -> Cost {
        Cost { open: 1, otherwise: 1 }
    }

    fn wait(&self) -> Duration {
        self.flights.wait()
    }

    fn room(&self) -> usize {
        self.flights.room()
    }

    fn ask(&mut self, targets: &[SocketAddr]) -> Result<usize, CannotProbe> {
        let Self { flights, seed } = self;
        flights
            .begin_all((Type::DGRAM, Protocol::UDP), targets, |socket, to| socket.send(&request(*seed, to)).map(|_| ()))
    }

    fn hear(&mut self, returned: &mut Vec<Returned>) -> Result<(), CannotProbe> {
        self.flights.hear(returned, |flight| Ok(end(flight)))
    }

    fn ready(&mut self) -> Pending<'_, Result<(), CannotProbe>> {
        Box::pin(self.flights.ready())
    }
}

fn request(seed: u128, to: SocketAddr) -> Vec<u8> {
    let dialect = if ZOOMS_STUN.contains(&to.port()) { Dialect::Zoom } else { Dialect::Stun };
    stun::request(dialect, &stun::transaction(dialect, seed, to), 0)
}

/// What came on a socket; whatever it holds, a datagram is an answer. `None` where nothing is there after all.
fn end(flight: &Flight) -> Option<Response> {
    match flight.socket.recv(&mut [MaybeUninit::uninit(); 1]) {
        Ok(_) => Some(Response::Open),
        // The kernel threw it away for its checksum.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
        Err(error) => failed(flight, &error),
    }
}

/// Zoom's dialect is spoken there, as seen from desktop clients in 2019 and 2022.
const ZOOMS_STUN: [u16; 2] = [3_478, 3_479];

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::collections::BTreeMap;
    use std::net::UdpSocket;
    use std::time::Instant;

    use super::*;
    use crate::testing::ClosedUdp;

    /// Asks, lets the peers act, and hears as many as are waited for.
    async fn heard(targets: &[SocketAddr], wanted: usize, act: impl FnOnce()) -> BTreeMap<SocketAddr, Response> {
        let mut engine = Datagrams::new(Duration::from_millis(300), None, 7).unwrap();
        assert_eq!(engine.ask(targets).unwrap(), targets.len());
        act();
        let mut returned = Vec::new();
        let end = Instant::now() + Duration::from_secs(5);
        while returned.len() < wanted && Instant::now() < end {
            let _ = tokio::time::timeout(Duration::from_millis(20), engine.ready()).await;
            engine.hear(&mut returned).unwrap();
        }
        returned.into_iter().map(|came| (came.to, came.response)).collect()
    }

    #[tokio::test]
    async fn an_answer_a_closed_port_and_silence_are_told_apart() {
        let peers = ["127.0.0.1:0", "[::1]:0"].map(|any| UdpSocket::bind(any).unwrap());
        let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
        let closed = ClosedUdp::new();
        let [v4, v6] = peers.each_ref().map(|peer| peer.local_addr().unwrap());
        let targets = [v4, silent.local_addr().unwrap(), closed.address(), v6];
        let came = heard(&targets, 3, || {
            for peer in &peers {
                let (_, from) = peer.recv_from(&mut [0; 100]).unwrap();
                peer.send_to(b"any", from).unwrap();
            }
        });
        let wanted = [(v4, Response::Open), (v6, Response::Open), (closed.address(), Response::Closed { ttl: None })];
        assert_eq!(came.await, BTreeMap::from(wanted));
    }

    #[test]
    fn zooms_ports_are_asked_in_its_dialect() {
        let asked = |to: &str| request(7, to.parse().unwrap());
        assert_eq!((asked("192.0.2.1:3478").len(), asked("192.0.2.1:8801").len()), (44, 20));
        assert_ne!(asked("192.0.2.1:8801"), asked("192.0.2.2:8801"));
    }
}
