//! Takes a look at a peer on loopback, in a test: a clock that stands, and a computer that tells nothing.

use std::net::IpAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use super::test_net_tls::Loopback;
use super::{
    CannotLook, Client, Clock, HostsLine, Interface, Kind, Limit, Look, Means, Neighbour, Pending, ProxySetting,
    ResolverSetting, Route, Seen, System, SystemLookup, Target, Trust,
};

/// Prepares a look of this kind at a listener on loopback and takes it, while `peer` has the accepted connection.
pub(crate) async fn look_at<P>(kind: &Kind, trust: &Trust, fill: impl FnOnce(Target) -> Look, peer: P) -> Seen
where
    P: AsyncFnOnce(TcpStream),
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let look = fill(Target::tcp(listener.local_addr().unwrap()));
    let probe = (kind.prepare)(&look).unwrap();
    let means = Means { network: &Loopback, clock: &Stopped, system: &Nothing, trust };
    let serve = async {
        peer(listener.accept().await.unwrap().0).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        seen = probe.look(&means) => seen.unwrap(),
        () = serve => unreachable!("a peer never ends a look"),
    }
}

/// A clock that stands at 2026-07-01 00:00:00 UTC.
pub(crate) struct Stopped;

impl Clock for Stopped {
    fn wall(&self) -> Duration {
        Duration::from_secs(1_782_864_000)
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

struct Nothing;

impl System for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }
    fn privileged(&self) -> bool {
        false
    }
    fn interfaces(&self) -> Result<Vec<Interface>, CannotLook> {
        unimplemented!()
    }
    fn route(&self, _: IpAddr) -> Result<Route, CannotLook> {
        unimplemented!()
    }
    fn neighbour(&self, _: IpAddr) -> Result<Option<Neighbour>, CannotLook> {
        unimplemented!()
    }
    fn hosts_lines(&self, _: &[String]) -> Result<Vec<HostsLine>, CannotLook> {
        unimplemented!()
    }
    fn resolvers(&self) -> Result<Vec<ResolverSetting>, CannotLook> {
        unimplemented!()
    }
    fn proxies(&self) -> Result<Vec<ProxySetting>, CannotLook> {
        unimplemented!()
    }
    fn limits(&self) -> Result<Vec<Limit>, CannotLook> {
        unimplemented!()
    }
    fn clients(&self) -> Result<Vec<Client>, CannotLook> {
        unimplemented!()
    }
    fn lookup<'a>(&'a self, _: &'a str, _: Duration) -> Pending<'a, Result<SystemLookup, CannotLook>> {
        unimplemented!()
    }
}
