//! The means a test hands to a probe, and a probe taken with them.

use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use tokio::net::{TcpListener, TcpStream};

use super::{Loopback, Names};
use crate::model::{CannotProbe, Probe, Seen, Target};
use crate::net::Network;
use crate::os::{Clock, SystemClock, Trust};
use crate::prober::ProbeKind;
use crate::session::Means;

/// Means of a test: loopback, a running clock, no names and no roots, unless told otherwise.
pub(crate) struct Scene {
    network: Box<dyn Network>,
    clock: Box<dyn Clock>,
    system: Names,
    trust: Trust,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let clock = Box::new(SystemClock::start());
        Self { network: Box::new(Loopback), clock, system: Names::none(), trust: nobody() }
    }

    /// By another network.
    pub(crate) fn by(self, network: impl Network + 'static) -> Self {
        Self { network: Box::new(network), ..self }
    }

    /// On a computer that knows these names.
    pub(crate) fn knowing(self, system: Names) -> Self {
        Self { system, ..self }
    }

    /// With these roots.
    pub(crate) fn trusting(self, trust: Trust) -> Self {
        Self { trust, ..self }
    }

    /// By a clock that stands, so that what is seen is the same in every run.
    pub(crate) fn stopped(self) -> Self {
        Self { clock: Box::new(Stopped), ..self }
    }

    pub(crate) fn means(&self) -> Means<'_> {
        Means { network: &*self.network, clock: &*self.clock, system: &self.system, trust: &self.trust }
    }

    /// Hands the means to a test.
    pub(crate) async fn with<T>(self, test: impl AsyncFnOnce(&Means<'_>) -> T) -> T {
        test(&self.means()).await
    }

    /// Runs a probe.
    pub(crate) async fn probe(&self, kind: &ProbeKind, probe: &Probe) -> Result<Seen, CannotProbe> {
        (kind.prepare)(probe).unwrap().probe(&self.means()).await
    }

    /// Probes a listener while `peer` has the connection; what the peer leaves open stays so until then.
    pub(crate) async fn probe_at<P>(&self, kind: &ProbeKind, fill: impl FnOnce(Target) -> Probe, peer: P) -> Seen
    where
        P: AsyncFnOnce(TcpStream),
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let probe = fill(Target::tcp(listener.local_addr().unwrap()));
        let serve = async { peer(listener.accept().await.unwrap().0).await };
        self.probe_while(kind, &probe, serve).await
    }

    /// Runs a probe while a server serves.
    pub(crate) async fn probe_while(&self, kind: &ProbeKind, probe: &Probe, server: impl Future<Output = ()>) -> Seen {
        let serve = async {
            server.await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            seen = self.probe(kind, probe) => seen.unwrap(),
            () = serve => unreachable!("a server never ends a probe"),
        }
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

/// Trusts nobody.
pub(crate) fn nobody() -> Trust {
    trusting(&[])
}

/// Holds these certificates for public roots, and knows no store of the system's.
pub(crate) fn trusting(certificates: &[&CertificateDer<'static>]) -> Trust {
    let mut roots = RootCertStore::empty();
    for &certificate in certificates {
        roots.add(certificate.clone()).unwrap();
    }
    Trust::new(roots, None)
}
