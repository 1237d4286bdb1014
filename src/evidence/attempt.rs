//! One try to reach a TCP service, however far it came: the view that most rules take of a probe.

use std::net::SocketAddr;

use why5003_probes::model::{
    Certificate, CertificateFault, Connected, Fact, Failure, Handshake, How, IcmpError, Observation, ProbeName,
    Response, Role, Roots, Settings, Sni, Stage, Tunnel, Via,
};

/// One try to reach a TCP service.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    seen: &'a Observation,
    to: SocketAddr,
}

impl<'a> Attempt<'a> {
    /// The attempt that an observation is, if it is one.
    pub(super) fn of(seen: &'a Observation) -> Option<Self> {
        let tries_tcp = match seen.probe.kind {
            ProbeName::Tls | ProbeName::Tcp | ProbeName::Http => true,
            // Without a proxy on the way it fetches a script.
            ProbeName::Proxy => matches!(seen.probe.via, Via::Proxy(_)),
            _ => false,
        };
        if !tries_tcp || seen.probe.settings.traceroute.is_some() {
            return None;
        }
        let port = seen.probe.target.port?.0;
        // Through a proxy the address is the proxy's business.
        let to = match &seen.probe.via {
            Via::Proxy(_) => SocketAddr::new(std::net::Ipv4Addr::UNSPECIFIED.into(), port),
            _ => seen.probe.target.socket()?,
        };
        Some(Self { seen, to })
    }

    /// The observation's number.
    pub fn id(self) -> u32 {
        self.seen.id
    }

    /// What the target is to Zoom.
    pub fn role(self) -> Role {
        self.seen.probe.role
    }

    /// The name, where there is one.
    pub fn host(self) -> Option<&'a str> {
        self.seen.probe.target.host.as_deref()
    }

    /// Where to; the address is unspecified where a proxy chooses it.
    pub fn to(self) -> SocketAddr {
        self.to
    }

    /// By which way.
    pub fn via(self) -> &'a Via {
        &self.seen.probe.via
    }

    /// Whether it went through a proxy.
    pub fn proxied(self) -> bool {
        matches!(self.seen.probe.via, Via::Proxy(_))
    }

    /// The variables that were set.
    pub fn settings(self) -> &'a Settings {
        &self.seen.probe.settings
    }

    /// Whether it was taken as a client would: no variable of an experiment set.
    pub fn baseline(self) -> bool {
        let s = self.settings();
        s.sni.is_none()
            && s.hello.is_none()
            && s.tls.is_none()
            && s.mss.is_none()
            && s.ttl.is_none()
            && s.source.is_none()
            && s.exchange.is_none()
    }

    /// Whether it spoke TLS.
    pub fn is_tls(self) -> bool {
        self.seen.probe.kind == ProbeName::Tls
    }

    /// The server name it carried in place of the target's own.
    pub fn other_name(self) -> Option<&'a Sni> {
        self.settings().sni.as_ref()
    }

    /// How it ended short of its answer.
    pub fn failure(self) -> Option<&'a Failure> {
        self.seen.failure.as_ref()
    }

    /// Whether it ended at this stage, in this way.
    pub fn ended(self, stage: Stage, how: How) -> bool {
        self.failure().is_some_and(|f| f.stage == stage && f.how == how)
    }

    /// The TCP connection, where it stood.
    pub fn connected(self) -> Option<&'a Connected> {
        self.find(|fact| if let Fact::Connected(c) = fact { Some(c) } else { None })
    }

    /// The handshake, where it finished.
    pub fn handshake(self) -> Option<&'a Handshake> {
        self.find(|fact| if let Fact::Handshake(h) = fact { Some(h) } else { None })
    }

    /// Whether the server sent anything of TLS back: a certificate, a finished handshake or an alert.
    pub fn server_spoke_tls(self) -> bool {
        self.seen.facts.iter().any(|f| matches!(f, Fact::Handshake(_) | Fact::Chain { .. } | Fact::Alert { .. }))
    }

    /// The certificates sent, the server's own first; empty where none came.
    pub fn chain(self) -> &'a [Certificate] {
        self.find(|fact| if let Fact::Chain { certificates } = fact { Some(certificates.as_slice()) } else { None })
            .unwrap_or_default()
    }

    /// What these roots say of the chain: `None` not asked, `Some(None)` accepted.
    pub fn verified(self, by: Roots) -> Option<Option<CertificateFault>> {
        self.find(|fact| match fact {
            Fact::Verified { roots, fault, .. } if *roots == by => Some(*fault),
            _ => None,
        })
    }

    /// The other end proved by a public root that it is the host.
    pub fn genuine(self) -> bool {
        self.verified(Roots::Public) == Some(None)
    }

    /// Where the fault is one of date: what else these roots find wrong.
    pub fn besides(self, by: Roots) -> Option<CertificateFault> {
        self.find(|fact| match fact {
            Fact::Verified { roots, besides, .. } if *roots == by => Some(*besides),
            _ => None,
        })
        .flatten()
    }

    /// The public roots found no fault but the date.
    pub fn genuine_but_for_the_date(self) -> bool {
        let by_date = Some(CertificateFault::Expired);
        let not_yet = Some(CertificateFault::NotYetValid);
        let fault = self.verified(Roots::Public).flatten();
        (fault == by_date || fault == not_yet) && self.besides(Roots::Public).is_none()
    }

    /// The public roots or this computer's own accept the chain.
    pub fn trusted(self) -> bool {
        self.genuine() || self.verified(Roots::System) == Some(None)
    }

    /// The HTTP response, where one came.
    pub fn response(self) -> Option<&'a Response> {
        self.find(|fact| if let Fact::Response(r) = fact { Some(r) } else { None })
    }

    /// The proxy's answer to CONNECT.
    pub fn tunnel(self) -> Option<&'a Tunnel> {
        self.find(|fact| if let Fact::Tunnel(t) = fact { Some(t) } else { None })
    }

    /// How much of what it sent was not acknowledged when it ended in silence, in bytes; `None` where that was not seen.
    pub fn unacknowledged(self) -> Option<u32> {
        self.find(|fact| if let Fact::Unacknowledged { bytes } = fact { Some(bytes) } else { None }).copied()
    }

    /// All that was seen, in order.
    pub fn facts(self) -> impl Iterator<Item = &'a Fact> {
        self.seen.facts.iter()
    }

    /// ICMP errors that came for it.
    pub fn icmp(self) -> impl Iterator<Item = &'a IcmpError> {
        self.seen.facts.iter().filter_map(|f| if let Fact::Icmp(icmp) = f { Some(icmp) } else { None })
    }

    /// The service does what a client needs: for TLS a trusted chain and, where one was asked for, a response that is no
    /// server error; for the rest a connection or a response.
    pub fn works(self) -> bool {
        if self.failure().is_some() {
            return false;
        }
        let answered = self.settings().fetch.is_none() || self.response().is_some_and(|r| r.status < 500);
        match self.seen.probe.kind {
            ProbeName::Tls => self.trusted() && answered,
            ProbeName::Http => answered,
            ProbeName::Proxy => self.tunnel().is_some_and(|t| t.status == 200),
            _ => self.connected().is_some(),
        }
    }

    fn find<T>(self, pick: impl FnMut(&'a Fact) -> Option<T>) -> Option<T> {
        self.seen.facts.iter().find_map(pick)
    }
}
