//! Peers on loopback that behave badly in one way each, for tests.
//!
//! They answer nobody but this computer.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use socket2::{Domain, SockFilter, Socket, Type};

use super::{
    CannotLook, Client, HostsLine, Interface, Kind, Limit, Look, Means, Neighbour, Network, Pending, ProxySetting,
    ResolverSetting, Role, Route, Seen, Settings, Sockets, System, SystemClock, SystemLookup, Target, Trust,
};

/// Takes a look at a peer on loopback with real sockets.
pub(crate) async fn look(kind: &Kind, target: Target, settings: Settings) -> Result<Seen, CannotLook> {
    look_by(&Sockets::new(), kind, target, settings).await
}

/// Takes a look at a peer on loopback by another network.
pub(crate) async fn look_by(
    network: &dyn Network,
    kind: &Kind,
    target: Target,
    settings: Settings,
) -> Result<Seen, CannotLook> {
    let look = Look::new(kind.name, Role::Control, target).with(settings);
    let (clock, trust) = (SystemClock::start(), Trust::new(rustls::RootCertStore::empty(), None));
    let means = Means { network, clock: &clock, system: &Mute, trust: &trust };
    (kind.prepare)(&look).unwrap().look(&means).await
}

/// A system that tells nothing.
struct Mute;

fn mute<T>() -> Result<T, CannotLook> {
    Err(CannotLook::Unsupported { what: "anything", why: "a test's system" })
}

impl System for Mute {
    fn name(&self) -> &'static str {
        "mute"
    }
    fn privileged(&self) -> bool {
        false
    }
    fn interfaces(&self) -> Result<Vec<Interface>, CannotLook> {
        mute()
    }
    fn route(&self, _: IpAddr) -> Result<Route, CannotLook> {
        mute()
    }
    fn neighbour(&self, _: IpAddr) -> Result<Option<Neighbour>, CannotLook> {
        mute()
    }
    fn hosts_lines(&self, _: &[String]) -> Result<Vec<HostsLine>, CannotLook> {
        mute()
    }
    fn resolvers(&self) -> Result<Vec<ResolverSetting>, CannotLook> {
        mute()
    }
    fn proxies(&self) -> Result<Vec<ProxySetting>, CannotLook> {
        mute()
    }
    fn limits(&self) -> Result<Vec<Limit>, CannotLook> {
        mute()
    }
    fn clients(&self) -> Result<Vec<Client>, CannotLook> {
        mute()
    }
    fn lookup<'a>(&'a self, _: &'a str, _: Duration) -> Pending<'a, Result<SystemLookup, CannotLook>> {
        Box::pin(async { mute() })
    }
}

fn bound() -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
    socket
}

fn address(socket: &Socket) -> SocketAddr {
    socket.local_addr().unwrap().as_socket().unwrap()
}

/// A TCP port that is held but not listened on: it refuses, and nobody else can take it meanwhile.
pub(crate) struct ClosedTcp(Socket);

impl ClosedTcp {
    pub(crate) fn new() -> Self {
        Self(bound())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        address(&self.0)
    }
}

/// A TCP port whose packets a socket filter drops: it is silent.
pub(crate) struct SilentTcp(Socket);

impl SilentTcp {
    pub(crate) fn new() -> Self {
        let socket = bound();
        // BPF "return 0": keep no byte of any packet.
        socket.attach_filter(&[SockFilter::new(0x06, 0, 0, 0)]).unwrap();
        socket.listen(1).unwrap();
        Self(socket)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        address(&self.0)
    }
}

/// A UDP port that is held by a socket with another peer: it refuses, and nobody else can take it meanwhile.
pub(crate) struct ClosedUdp(UdpSocket);

impl ClosedUdp {
    pub(crate) fn new() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect("127.0.0.1:9").unwrap();
        Self(socket)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// Lets one peer in.
    pub(crate) fn open_to(self, peer: SocketAddr) -> UdpSocket {
        self.0.connect(peer).unwrap();
        self.0
    }
}
