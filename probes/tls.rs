//! Shakes hands over TLS, with every variable of the ClientHello chosen, and holds the certificates against two sets of
//! roots; then, where asked, fetches one page.
//!
//! What it looks at: the handshake's end and the certificates. It never refuses one: it records, and judges the chain
//! after. What a bad result means: a failure at `hello` means that the hello went out and nothing came back. At
//! `handshake`, something did. A chain that ends in no public root means that a device on the path inspects TLS. What
//! to do: change one variable (server name, size, version) at the same address and see what of it matters; the remedy
//! is the verdict's to say. Example: `why5003 probe tls zoom.us@170.114.52.2:443`.

mod keep_alive;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use self::keep_alive::{KeptAlive, keep_alive};
use crate::model::{
    BadProbe, CannotProbe, CertificateFault, Exchange, Fact, Failure, How, Layer, Pending, Probe, ProbeName, Proxy,
    Roots, Seen, Settings, Stage, Transport, Via, micros,
};
use crate::net::Dial;
use crate::net::counting_stream::Tap;
use crate::net::traceroute::{self, climb};
use crate::prober::{ProbeKind, Prober, Subject};
use crate::session::dial::{Opened, open};
use crate::session::tls::{
    self, ClientHello, Progress, Recorder, Wire, first_segment, handshake, verify, within_its_time,
};
use crate::session::tunnel::tunnel;
use crate::session::{Means, http};
use crate::wire::certificate;

/// A TLS handshake, and one page after it.
pub(crate) const KIND: ProbeKind = ProbeKind {
    name: ProbeName::Tls,
    summary: "shakes hands over TLS with a chosen ClientHello, and holds the certificates against two sets of roots",
    layer: Layer::Tls,
    subject: Subject::Address,
    default_port: Some((443, Transport::Tcp)),
    sources: &["RFC 8446", "RFC 5246", "RFC 6066, section 3", "RFC 9112"],
    prepare,
};

fn prepare(probe: &Probe) -> Result<Box<dyn Prober>, BadProbe> {
    let bad = |reason| BadProbe { probe: KIND.name, target: probe.target.to_string(), reason };
    let (target, settings) = (&probe.target, &probe.settings);
    if target.host.is_none() && target.address.is_none() {
        return Err(bad("it needs a host or an address, such as zoom.us@192.0.2.1:443/tcp"));
    }
    let Some((port, Transport::Tcp)) = target.port else {
        return Err(bad("it needs a TCP port, such as zoom.us@192.0.2.1:443/tcp"));
    };
    let way = match &probe.via {
        Via::Direct => Way::Direct(target.socket().ok_or_else(|| bad("a direct probe needs an address"))?),
        Via::Proxy(_) if settings.mss.is_some() || settings.ttl.is_some() => {
            return Err(bad("segment size and TTL end at a proxy: set them on a direct probe"));
        }
        Via::Proxy(_) if settings.traceroute.is_some() => {
            return Err(bad("a walk of the TTL ends at a proxy: take it as a direct probe"));
        }
        Via::Proxy(proxy) => Way::Proxy { proxy: proxy.clone(), host: target.label(), port },
        Via::System | Via::Dns { .. } => return Err(bad("it goes direct or through a proxy")),
    };
    let hello = ClientHello::new(target, settings).ok_or_else(|| bad("its server name can't stand in a hello"))?;
    let host_header = http::host_header(target, HTTPS);
    if settings.fetch.as_ref().is_some_and(|fetch| !http::can_be_sent(&host_header, fetch)) {
        return Err(bad("its fetch needs a path that begins with a slash and holds no blanks"));
    }
    Ok(Box::new(Tls { way, hello, host: target.host.clone(), host_header, settings: settings.clone() }))
}

/// A handshake that is ready to go.
struct Tls {
    way: Way,
    hello: ClientHello,
    /// The name the chain is judged for, whatever name the hello carries.
    host: Option<String>,
    host_header: String,
    settings: Settings,
}

enum Way {
    Direct(SocketAddr),
    Proxy { proxy: Proxy, host: String, port: u16 },
}

impl Prober for Tls {
    fn probe<'a>(&'a self, means: &'a Means<'a>) -> Pending<'a, Result<Seen, CannotProbe>> {
        Box::pin(async move {
            match (self.settings.traceroute, &self.way) {
                (Some(top), Way::Direct(to)) => self.climb(means, top, *to).await,
                _ => self.take(means).await,
            }
        })
    }
}

impl Tls {
    /// Once, or for an exchange as often as there are tries; that probe fails as its last connection does.
    async fn take(&self, means: &Means<'_>) -> Result<Seen, CannotProbe> {
        let mut seen = self.connection(means).await?;
        for _ in 1..self.settings.exchange.and(self.settings.tries).unwrap_or(1) {
            let again = self.connection(means).await?;
            seen.facts.extend(again.facts.into_iter().filter(|fact| matches!(fact, Fact::Exchange(_) | Fact::Icmp(_))));
            seen.failure = again.failure;
        }
        Ok(seen)
    }

    async fn connection(&self, means: &Means<'_>) -> Result<Seen, CannotProbe> {
        let Opened { mut facts, stream } = self.open(means).await?;
        let mut stream = match stream {
            Ok(stream) => stream,
            Err(failure) => return Ok(Seen::failed(facts, failure)),
        };
        if self.settings.ttl.is_some_and(|ttl| !stream.set_ttl(ttl)) {
            return Err(CannotProbe::Unsupported { what: "a ClientHello with a TTL of its own", why: NO_TTL });
        }
        let mut wire = Tap::new(stream, HANDSHAKE_BYTES);
        let failure = self.speak(means, &mut wire, &mut facts).await;
        Ok(Seen { facts, failure })
    }

    /// The hello's first segment, hop by hop, each on a connection of its own.
    async fn climb(&self, means: &Means<'_>, top: u8, to: SocketAddr) -> Result<Seen, CannotProbe> {
        let ask = |ttl, wait| -> Pending<'_, _> {
            let (mss, source) = (self.settings.mss, self.settings.source);
            let dial = Dial { mss, source, ..Dial::new(to, CONNECT_WAIT) };
            Box::pin(first_segment(means, dial, &self.hello, (ttl, self.wait().unwrap_or(wait))))
        };
        let (hops, stopped) = climb(top, ask).await?;
        let how = stopped.or_else(|| traceroute::ended(&hops));
        let facts = hops.into_iter().map(Fact::Hop).collect();
        Ok(Seen { facts, failure: how.map(|how| Failure::new(Stage::Hello, how)) })
    }

    /// The connection, direct or through the proxy. A small TTL is for the hello alone: the connection must stand first.
    async fn open(&self, means: &Means<'_>) -> Result<Opened, CannotProbe> {
        let wait = self.wait().unwrap_or(CONNECT_WAIT);
        match &self.way {
            Way::Direct(to) => {
                let (mss, source) = (self.settings.mss, self.settings.source);
                open(means, Dial { mss, source, ..Dial::new(*to, wait) }).await
            }
            Way::Proxy { proxy, host, port } => {
                let tunnelled = tunnel(means, proxy, host, *port, wait).await?;
                Ok(Opened { facts: tunnelled.facts, stream: tunnelled.stream })
            }
        }
    }

    /// The handshake and the page; what is seen is added to `facts`.
    async fn speak(&self, means: &Means<'_>, wire: &mut Wire, facts: &mut Vec<Fact>) -> Option<Failure> {
        let progress = Progress { wait: self.wait().unwrap_or(ANSWER_WAIT), expires: self.settings.ttl.is_some() };
        let recorder = Recorder::new();
        let mut icmp = Vec::new();
        let began = means.clock.elapsed();
        let shaken = handshake(wire, &self.hello, &recorder, progress, &mut icmp).await;
        let took = means.clock.elapsed().saturating_sub(began);
        match shaken {
            Ok(mut tls) => {
                let (wire, session) = tls.get_mut();
                wire.lift_limit();
                icmp.append(&mut wire.inner().icmp());
                facts.extend(self.hello.sent(wire.asked()));
                facts.extend(icmp.into_iter().take(ICMP_ERRORS).map(Fact::Icmp));
                facts.push(Fact::Handshake(tls::finished(session, took)));
                facts.extend(self.judged(means, &recorder));
                let failure = match self.settings.exchange {
                    Some(wanted) => {
                        let come = self.keep_alive(&mut tls, wanted).await;
                        let wire = &tls.get_ref().0;
                        // A server that says goodbye was not silenced.
                        let last = if come.dismissed { wanted } else { come.answered };
                        facts.push(Fact::Exchange(Exchange {
                            wanted,
                            answered: come.answered,
                            last,
                            sent_bytes: wire.sent(),
                            received_bytes: wire.received(),
                            took_us: micros(means.clock.elapsed().saturating_sub(began)),
                        }));
                        come.failure
                    }
                    None => self.fetch(means, &mut tls, facts).await,
                };
                facts.extend(tls.get_mut().0.inner().icmp().into_iter().take(ICMP_ERRORS).map(Fact::Icmp));
                failure
            }
            Err(ended) => {
                icmp.append(&mut wire.inner().icmp());
                facts.extend(self.hello.sent(wire.asked()));
                facts.extend(icmp.iter().take(ICMP_ERRORS).cloned().map(Fact::Icmp));
                let told = tls::told(&ended, wire, &icmp, progress);
                facts.extend(told.facts);
                if told.failure.stage == Stage::Hello && told.failure.how == How::Silent {
                    facts.extend(self.unheard(means, wire));
                }
                facts.extend(self.judged(means, &recorder));
                Some(told.failure)
            }
        }
    }

    /// How much of the hello the other end never acknowledged: a forged SYN-ACK promises a window that never opens.
    fn unheard(&self, means: &Means<'_>, wire: &mut Wire) -> Option<Fact> {
        let Way::Direct(to) = self.way else { return None };
        let local = wire.inner().local();
        let bytes = means.system.unacknowledged(local, to).ok().flatten()?;
        Some(Fact::Unacknowledged { bytes })
    }

    /// The chain as sent, and what both sets of roots say of it for the target's own name.
    fn judged(&self, means: &Means<'_>, recorder: &Recorder) -> Vec<Fact> {
        let chain = recorder.chain();
        if chain.is_empty() {
            return Vec::new();
        }
        let mut facts =
            vec![Fact::Chain { certificates: chain.iter().take(CERTIFICATES).map(certificate::certificate).collect() }];
        let Some(host) = &self.host else {
            return facts;
        };
        // A box that replays Zoom's own certificates without their key would else be taken for Zoom.
        let copied = recorder.only_copied().then_some(CertificateFault::Invalid);
        let sets = [(Roots::Public, Some(means.trust.public())), (Roots::System, means.trust.system())];
        facts.extend(sets.map(|(roots, store)| {
            let fault = verify(store.clone(), chain, host, means.clock.wall()).err().or(copied);
            let by_date = matches!(fault, Some(CertificateFault::Expired | CertificateFault::NotYetValid));
            let in_time = by_date.then(|| chain.first().and_then(within_its_time)).flatten();
            let besides = in_time.and_then(|time| verify(store, chain, host, time).err().or(copied));
            Fact::Verified { roots, fault, besides }
        }));
        facts
    }

    async fn keep_alive(&self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin), wanted: u16) -> KeptAlive {
        let path = self.settings.fetch.as_ref().map_or("/", |fetch| &fetch.path);
        keep_alive(stream, &self.host_header, path, wanted, self.wait().unwrap_or(ANSWER_WAIT)).await
    }

    async fn fetch(
        &self,
        means: &Means<'_>,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send,
        facts: &mut Vec<Fact>,
    ) -> Option<Failure> {
        let fetch = self.settings.fetch.as_ref()?;
        let wait = self.wait().unwrap_or(ANSWER_WAIT);
        match http::fetch(stream, &self.host_header, fetch, means.clock, wait).await {
            Ok(fetched) => {
                facts.extend(fetched.facts(fetch));
                None
            }
            Err(failure) => {
                let alert = failure.detail.clone().filter(|_| failure.how == How::Alert);
                facts.extend(alert.map(|name| Fact::Alert { name }));
                Some(failure)
            }
        }
    }

    fn wait(&self) -> Option<Duration> {
        self.settings.wait_ms.map(|ms| Duration::from_millis(ms.into()))
    }
}

/// Three SYNs fit into it, see [`Dial::wait`].
const CONNECT_WAIT: Duration = Duration::from_millis(3200);
/// Two retransmissions of a lost hello fit into it, at 1 and 3 seconds (RFC 6298, sections 2.1 and 5.5).
const ANSWER_WAIT: Duration = Duration::from_secs(3);
/// A real handshake is below 20 kB, with an inspecting gateway's whole chain below 40.
const HANDSHAKE_BYTES: u64 = 256 * 1024;
/// As [`Fact::Chain`] promises.
const CERTIFICATES: usize = 10;
/// One a retransmission, and a few more.
const ICMP_ERRORS: usize = 16;
const HTTPS: u16 = 443;
const NO_TTL: &str = "it does not change the TTL of a connection that stands";

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::{Arc, Mutex};

    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
    use rustls::crypto::aws_lc_rs;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use rustls::server::{ClientHello as Heard, ResolvesServerCert};
    use rustls::sign::CertifiedKey;
    use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio_rustls::TlsAcceptor;

    use super::*;
    use crate::model::{Fetch, Hello, Method, Role, Sni, Target, TlsVersions};
    use crate::os::Trust;
    use crate::testing::{Scene, nobody};

    /// An authority, and what it signs for a server.
    struct Authority {
        issuer: Issuer<'static, KeyPair>,
        der: CertificateDer<'static>,
    }

    impl Authority {
        fn new(name: &str) -> Self {
            let mut params = CertificateParams::default();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.distinguished_name.push(DnType::OrganizationName, name);
            let key = KeyPair::generate().unwrap();
            let der = params.self_signed(&key).unwrap().der().clone();
            Self { issuer: Issuer::new(params, key), der }
        }

        fn roots(&self) -> RootCertStore {
            let mut roots = RootCertStore::empty();
            roots.add(self.der.clone()).unwrap();
            roots
        }

        /// A server's certificate for `zoom.us` in 2026, changed by `fill`, with its key.
        fn signs(&self, fill: impl FnOnce(&mut CertificateParams)) -> Arc<CertifiedKey> {
            let mut params = CertificateParams::new(vec!["zoom.us".to_owned()]).unwrap();
            params.not_before = rcgen::date_time_ymd(2026, 1, 1);
            params.not_after = rcgen::date_time_ymd(2027, 1, 1);
            fill(&mut params);
            let key = KeyPair::generate().unwrap();
            let chain = vec![params.signed_by(&key, &self.issuer).unwrap().der().clone(), self.der.clone()];
            Arc::new(CertifiedKey::new(chain, signer(&key)))
        }
    }

    fn signer(key: &KeyPair) -> Arc<dyn rustls::sign::SigningKey> {
        aws_lc_rs::sign::any_supported_type(&PrivateKeyDer::Pkcs8(key.serialize_der().into())).unwrap()
    }

    /// Answers every hello with the same certificate, or with none.
    #[derive(Debug)]
    struct Always(Option<Arc<CertifiedKey>>);

    impl ResolvesServerCert for Always {
        fn resolve(&self, _: Heard<'_>) -> Option<Arc<CertifiedKey>> {
            self.0.clone()
        }
    }

    fn server(key: Option<Arc<CertifiedKey>>, versions: &[&'static SupportedProtocolVersion]) -> TlsAcceptor {
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Always(key)));
        TlsAcceptor::from(Arc::new(config))
    }

    fn zoom(settings: Settings) -> impl FnOnce(Target) -> Probe {
        |target| Probe::new(KIND.name, Role::SignIn, target.called("zoom.us")).with(settings)
    }

    fn impatient() -> Settings {
        Settings { wait_ms: Some(300), ..Settings::default() }
    }

    /// A computer with these roots, where it is always the middle of 2026.
    fn at(trust: &Trust) -> Scene {
        Scene::new().stopped().trusting(trust.clone())
    }

    /// What a TLS server with this certificate lets be seen.
    async fn seen_at(key: Arc<CertifiedKey>, trust: &Trust, settings: Settings) -> Seen {
        let server = server(Some(key), rustls::ALL_VERSIONS);
        at(trust).probe_at(&KIND, zoom(settings), async |stream| hold(server.accept(stream)).await).await
    }

    /// Finishes the handshake and keeps the connection until the probe has ended.
    async fn hold(accept: tokio_rustls::Accept<TcpStream>) {
        let _stream = accept.await.unwrap();
        pending::<()>().await;
    }

    /// What this peer lets be seen by one who trusts nobody.
    async fn seen_with(settings: Settings, peer: impl AsyncFnOnce(TcpStream)) -> Seen {
        at(&nobody()).probe_at(&KIND, zoom(settings), peer).await
    }

    /// What a peer that hears the hello and then does as told lets be seen.
    async fn seen_after_hello(settings: Settings, peer: impl AsyncFnOnce(TcpStream)) -> Seen {
        seen_with(settings, async |mut stream| {
            hear(&mut stream).await;
            peer(stream).await;
        })
        .await
    }

    /// One whole record, as the first five bytes announce it.
    async fn hear(stream: &mut TcpStream) -> Vec<u8> {
        let mut record = vec![0; 5];
        stream.read_exact(&mut record).await.unwrap();
        let length = u16::from_be_bytes([record[3], record[4]]);
        record.resize(5 + usize::from(length), 0);
        stream.read_exact(&mut record[5..]).await.unwrap();
        record
    }

    /// On loopback no TTL ends.
    #[tokio::test]
    async fn a_walk_sends_one_segment_of_the_hello_on_a_connection_each() {
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target::tcp(server.local_addr().unwrap()).called("zoom.us");
        let settings = Settings { traceroute: Some(1), hello: Some(Hello::Small), ..Settings::default() };
        let probe = Probe::new(KIND.name, Role::SignIn, target).with(settings);
        let serve = async {
            let (mut stream, _) = server.accept().await.unwrap();
            hear(&mut stream).await;
            stream.write_all(b"x").await.unwrap();
            pending::<()>().await;
        };
        let seen = at(&nobody()).probe_while(&KIND, &probe, serve).await;
        let rtt_us = Some(0);
        let hop = crate::model::Hop { ttl: 1, came: crate::model::HopAnswer::Answered, from: None, rtt_us };
        assert_eq!(seen, Seen { facts: vec![Fact::Hop(hop)], failure: None });
    }

    fn verdicts(seen: &Seen) -> Vec<(Roots, Option<CertificateFault>)> {
        let verdict = |fact: &Fact| match fact {
            Fact::Verified { roots, fault, .. } => Some((*roots, *fault)),
            _ => None,
        };
        seen.facts.iter().filter_map(verdict).collect()
    }

    fn hello_sent(seen: &Seen) -> (u32, Option<String>, bool) {
        let sent = |fact: &Fact| match fact {
            Fact::HelloSent { bytes, server_name, post_quantum } => Some((*bytes, server_name.clone(), *post_quantum)),
            _ => None,
        };
        seen.facts.iter().find_map(sent).unwrap()
    }

    fn handshake_of(seen: &Seen) -> crate::model::Handshake {
        let found = |fact: &Fact| match fact {
            Fact::Handshake(handshake) => Some(handshake.clone()),
            _ => None,
        };
        seen.facts.iter().find_map(found).unwrap()
    }

    const PUBLIC: Roots = Roots::Public;
    const SYSTEM: Roots = Roots::System;

    #[tokio::test]
    async fn a_chain_to_a_public_root_may_be_unknown_to_this_computer() {
        let (web, own) = (Authority::new("web"), Authority::new("own"));
        let trust = Trust::new(web.roots(), Some(own.roots()));
        let seen = seen_at(web.signs(|_| ()), &trust, Settings::default()).await;
        assert_eq!(verdicts(&seen), [(PUBLIC, None), (SYSTEM, Some(CertificateFault::UnknownIssuer))]);
        assert_eq!(seen.failure, None);
    }

    #[tokio::test]
    async fn an_inspecting_gateway_is_known_to_this_computer_alone_and_named() {
        let (web, gateway) = (Authority::new("web"), Authority::new("Zscaler\x1b[2J Inc."));
        let trust = Trust::new(web.roots(), Some(gateway.roots()));
        let seen = seen_at(gateway.signs(|_| ()), &trust, Settings::default()).await;
        assert_eq!(verdicts(&seen), [(PUBLIC, Some(CertificateFault::UnknownIssuer)), (SYSTEM, None)]);
        let Some(Fact::Chain { certificates }) = seen.facts.iter().find(|fact| matches!(fact, Fact::Chain { .. }))
        else {
            panic!("no chain");
        };
        let names: Vec<_> = certificates.iter().map(|certificate| certificate.issuer_name.as_deref()).collect();
        assert_eq!(names, [Some(r"Zscaler\u{1b}[2J Inc."); 2]);
    }

    #[tokio::test]
    async fn every_fault_of_a_certificate_is_recorded_and_none_refused() {
        let (web, stranger) = (Authority::new("web"), Authority::new("stranger"));
        let trust = Trust::new(web.roots(), None);
        let faults = [
            (stranger.signs(|_| ()), CertificateFault::UnknownIssuer),
            (web.signs(|params| params.not_after = rcgen::date_time_ymd(2026, 2, 1)), CertificateFault::Expired),
            (web.signs(|params| params.not_before = rcgen::date_time_ymd(2026, 8, 1)), CertificateFault::NotYetValid),
            (web.signs(|params| params.subject_alt_names.clear()), CertificateFault::WrongName),
        ];
        for (key, fault) in faults {
            let seen = seen_at(key, &trust, Settings::default()).await;
            assert_eq!(verdicts(&seen), [(PUBLIC, Some(fault)), (SYSTEM, Some(CertificateFault::NoRoots))]);
            assert_eq!(seen.failure, None);
        }
    }

    #[tokio::test]
    async fn a_chain_without_its_key_is_not_taken_for_its_owner() {
        let web = Authority::new("web");
        let copied = CertifiedKey::new(web.signs(|_| ()).cert.clone(), signer(&KeyPair::generate().unwrap()));
        let trust = Trust::new(web.roots(), None);
        let seen = seen_at(Arc::new(copied), &trust, Settings::default()).await;
        assert_eq!(verdicts(&seen)[0], (PUBLIC, Some(CertificateFault::Invalid)));
    }

    #[tokio::test]
    async fn a_chain_is_judged_for_the_target_and_not_for_the_name_in_the_hello() {
        let web = Authority::new("web");
        let settings = Settings { sni: Some(Sni::Name("example.com".to_owned())), ..Settings::default() };
        let seen = seen_at(web.signs(|_| ()), &Trust::new(web.roots(), None), settings).await;
        assert_eq!(verdicts(&seen)[0], (PUBLIC, None));
        assert_eq!(hello_sent(&seen).1.as_deref(), Some("example.com"));
    }

    #[tokio::test]
    async fn a_handshake_tells_what_was_agreed_on() {
        let seen = seen_at(Authority::new("web").signs(|_| ()), &nobody(), Settings::default()).await;
        let agreed = crate::model::Handshake {
            version: "1.3".to_owned(),
            cipher: "TLS_AES_256_GCM_SHA384".to_owned(),
            group: Some("X25519MLKEM768".to_owned()),
            alpn: None,
            took_us: 0,
        };
        assert_eq!(handshake_of(&seen), agreed);
    }

    #[tokio::test]
    async fn an_old_server_is_met_unless_only_the_new_version_is_offered() {
        let old = server(Some(Authority::new("web").signs(|_| ())), &[&rustls::version::TLS12]);
        let met = seen_with(Settings::default(), async |stream| hold(old.accept(stream)).await);
        let agreed = handshake_of(&met.await);
        assert_eq!((agreed.version.as_str(), agreed.group.as_deref()), ("1.2", Some("x25519")));
        let new = Settings { tls: Some(TlsVersions::Only13), ..Settings::default() };
        let seen = seen_with(new, async |stream| drop(old.accept(stream).await)).await;
        assert_eq!(seen.failure, Some(Failure::new(Stage::Handshake, How::Alert).saying("protocol_version")));
    }

    #[tokio::test]
    async fn the_hello_is_as_large_and_as_old_as_asked() {
        let heard = Mutex::new(Vec::new());
        let sizes = async |settings: Settings| {
            let listen = async |mut stream: TcpStream| {
                let record = hear(&mut stream).await;
                heard.lock().unwrap().push(record);
            };
            hello_sent(&seen_with(settings, listen).await)
        };
        let large = sizes(Settings::default()).await;
        let small = sizes(Settings { hello: Some(Hello::Small), ..Settings::default() }).await;
        let old = sizes(Settings { tls: Some(TlsVersions::Only12), ..Settings::default() }).await;
        let unnamed = sizes(Settings { sni: Some(Sni::Absent), ..Settings::default() }).await;
        assert!(large.0 > 1200 && large.2, "{large:?}");
        assert!(small.0 < 600 && !small.2, "{small:?}");
        assert!(old.0 < 600 && !old.2, "{old:?}");
        assert_eq!((large.1.as_deref(), unnamed.1), (Some("zoom.us"), None));
        let heard = heard.into_inner().unwrap();
        let lengths: Vec<_> = heard.iter().map(|record| u32::try_from(record.len()).unwrap()).collect();
        assert_eq!(lengths, [large.0, small.0, old.0, unnamed.0]);
        let named: Vec<_> = heard.iter().map(|record| record.windows(7).any(|window| window == b"zoom.us")).collect();
        assert_eq!(named, [true, true, true, false]);
    }

    #[tokio::test]
    async fn a_hello_can_be_given_a_ttl_of_its_own() {
        let settings = Settings { ttl: Some(1), ..Settings::default() };
        let seen = seen_at(Authority::new("web").signs(|_| ()), &nobody(), settings).await;
        assert_eq!(seen.failure, None);
    }

    #[tokio::test]
    async fn a_refused_port_is_a_failure_to_connect() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let closed = listener.local_addr().unwrap();
        drop(listener);
        let fill = |_| Probe::new(KIND.name, Role::SignIn, Target::tcp(closed).called("zoom.us"));
        let seen = at(&nobody()).probe_at(&KIND, fill, async |_| ()).await;
        assert_eq!(seen, Seen::failed(Vec::new(), Failure::new(Stage::Connect, How::Refused).saying("ECONNREFUSED")));
    }

    #[tokio::test]
    async fn a_reset_upon_the_hello_is_told_from_a_close() {
        let reset = seen_after_hello(Settings::default(), async |stream| {
            socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        });
        assert_eq!(reset.await.failure, Some(Failure::new(Stage::Hello, How::Reset)));
        let closed = seen_after_hello(Settings::default(), async |stream| drop(stream));
        assert_eq!(closed.await.failure, Some(Failure::new(Stage::Hello, How::Closed)));
    }

    #[tokio::test]
    async fn silence_upon_the_hello_is_told_from_a_handshake_that_stalls() {
        let waited = Duration::from_millis(300);
        let silent = seen_after_hello(impatient(), async |_held| pending().await).await;
        assert_eq!(silent.failure, Some(Failure::new(Stage::Hello, How::Silent).after(waited)));
        let stalled = seen_after_hello(impatient(), async |mut stream| {
            stream.write_all(&[22, 3, 3, 0x40, 0]).await.unwrap();
            pending::<()>().await;
        });
        assert_eq!(stalled.await.failure, Some(Failure::new(Stage::Handshake, How::Silent).after(waited)));
    }

    #[tokio::test]
    async fn a_handshake_that_drips_ends_after_three_waits() {
        let seen = seen_after_hello(impatient(), async |mut stream| {
            let mut drip = tokio::time::interval(Duration::from_millis(5));
            let _gone = stream.write_all(&[22, 3, 3, 0x40, 0]).await;
            while stream.write_all(&[0]).await.is_ok() {
                drip.tick().await;
            }
        });
        let failure = seen.await.failure.unwrap();
        assert_eq!((failure.stage, failure.how, failure.waited_ms), (Stage::Handshake, How::Silent, Some(900)));
    }

    #[tokio::test]
    async fn what_is_no_tls_is_shown() {
        let seen = seen_after_hello(Settings::default(), async |mut stream| {
            stream.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n\x1b[2Jblocked").await.unwrap();
        });
        let seen = seen.await;
        let text = r"HTTP/1.1 403 Forbidden\u{d}\u{a}\u{d}\u{a}\u{1b}[2Jblocked".to_owned();
        assert_eq!(seen.facts.last(), Some(&Fact::Garbage { text }));
        assert_eq!(seen.failure, Some(Failure::new(Stage::Handshake, How::Malformed)));
    }

    #[tokio::test]
    async fn an_alert_is_named_also_where_the_protocol_lets_it_pass() {
        let without = server(None, rustls::ALL_VERSIONS);
        let refused = seen_with(Settings::default(), async |stream| {
            drop(without.accept(stream).await);
        });
        let refused = refused.await;
        assert_eq!(refused.facts.last(), Some(&Fact::Alert { name: "access_denied".to_owned() }));
        assert_eq!(refused.failure, Some(Failure::new(Stage::Handshake, How::Alert).saying("access_denied")));
        let warned = seen_after_hello(Settings::default(), async |mut stream| {
            stream.write_all(&[21, 3, 3, 0, 2, 1, 112]).await.unwrap();
        });
        let failure = Failure::new(Stage::Handshake, How::Alert).saying("unrecognized_name");
        assert_eq!(warned.await.failure, Some(failure));
    }

    #[tokio::test]
    async fn bytes_that_only_probe_like_tls_are_malformed_and_not_garbage() {
        let seen = seen_after_hello(Settings::default(), async |mut stream| {
            stream.write_all(&[22, 3, 3, 0, 4, 99, 0, 0, 0]).await.unwrap();
            pending::<()>().await;
        });
        let failure = seen.await.failure.unwrap();
        assert_eq!((failure.stage, failure.how), (Stage::Handshake, How::Malformed));
    }

    fn fetching() -> Settings {
        let fetch = Fetch { method: Method::Get, path: "/".to_owned(), expect: None };
        Settings { fetch: Some(fetch), ..Settings::default() }
    }

    #[tokio::test]
    async fn a_page_is_fetched_over_the_connection() {
        let server = server(Some(Authority::new("web").signs(|_| ())), rustls::ALL_VERSIONS);
        let seen = seen_with(fetching(), async |stream| {
            let mut stream = server.accept(stream).await.unwrap();
            let mut request = [0; 1024];
            let _read = stream.read(&mut request).await.unwrap();
            stream.write_all(b"HTTP/1.1 503 Busy\r\n\r\n<title>Busy</title>").await.unwrap();
            // No close_notify: a server that hangs up so has still answered.
        });
        let seen = seen.await;
        assert_eq!(seen.failure, None);
        let Some(Fact::Response(response)) = seen.facts.last() else { panic!("no response") };
        assert_eq!((response.status, response.excerpt.as_deref()), (503, Some("Busy")));
    }

    #[tokio::test]
    async fn a_connection_that_dies_after_the_handshake_fails_at_http() {
        let server = server(Some(Authority::new("web").signs(|_| ())), rustls::ALL_VERSIONS);
        let silent =
            seen_with(Settings { wait_ms: Some(300), ..fetching() }, async |stream| hold(server.accept(stream)).await);
        let waited = Duration::from_millis(300);
        assert_eq!(silent.await.failure, Some(Failure::new(Stage::Http, How::Silent).after(waited)));
        let reset = seen_with(fetching(), async |stream| {
            let stream = server.accept(stream).await.unwrap();
            socket2::SockRef::from(stream.get_ref().0).set_linger(Some(Duration::ZERO)).unwrap();
        });
        assert_eq!(reset.await.failure, Some(Failure::new(Stage::Http, How::Reset)));
    }

    #[test]
    fn a_probe_without_what_it_needs_is_refused_before_it_is_taken() {
        let probe = |target: &str| Probe::new(KIND.name, Role::SignIn, target.parse().unwrap());
        let proxy = || "proxy http://proxy.example:3128".parse().unwrap();
        let named = |name: &str| Settings { sni: Some(Sni::Name(name.to_owned())), ..Settings::default() };
        for probe in [
            probe("this-host"),
            probe("zoom.us@192.0.2.1"),
            probe("zoom.us:443/tcp"),
            probe("192.0.2.1:443/udp"),
            probe("192.0.2.1:443/tcp").by(Via::System),
            probe("zoom.us:443/tcp").by(proxy()).with(Settings { mss: Some(1200), ..Settings::default() }),
            probe("192.0.2.1:443/tcp").with(named("a b")),
        ] {
            assert!((KIND.prepare)(&probe).is_err(), "{probe:?}");
        }
        assert!((KIND.prepare)(&probe("zoom.us:443/tcp").by(proxy())).is_ok());
    }
}
