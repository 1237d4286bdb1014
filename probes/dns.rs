//! Asks for a name's addresses, as this computer's library does or of a server of choice, and tells what each said.
//!
//! It asks one source in one way; it never falls back to another, and never judges whether an address is right.
//!
//! What it looks at: the answer to one question for A or AAAA by UDP, TCP, TLS or HTTPS, or by the system's library (both
//! families at once). What a bad result means: a response code other than NOERROR, no address, silence or an ICMP error is
//! this source's word alone. What to do: compare it with what another server says of the same name, and with what this
//! server says of other names, before blaming either. Example: `why5003 probe dns zoom.us --via udp://192.0.2.53:53`.

use std::net::SocketAddr;
use std::time::Duration;

use crate::model::{
    Answer, BadProbe, CannotProbe, DnsTransport, Fact, Failure, How, Layer, Pending, Probe, ProbeName, RecordType,
    Seen, Settings, Stage, Via, micros,
};
use crate::os::SystemLookup;
use crate::prober::{ProbeKind, Prober, Subject};
use crate::session::Means;
use crate::session::dns::{Asking, by_https, by_tcp, by_tls, by_udp};
use crate::session::tls::ServerName;
use crate::wire::dns::Question;
use crate::wire::text::shown;

/// The DNS probe.
pub(crate) const KIND: ProbeKind = ProbeKind {
    name: ProbeName::Dns,
    summary: "asks for a name's addresses, of the system or of one DNS server by UDP, TCP, TLS or HTTPS",
    layer: Layer::Dns,
    subject: Subject::Name,
    default_port: None,
    sources: &["RFC 1035", "RFC 6891", "RFC 7766", "RFC 7858", "RFC 8484", "RFC 8914"],
    prepare,
};

fn prepare(probe: &Probe) -> Result<Box<dyn Prober>, BadProbe> {
    let bad = |reason| BadProbe { probe: KIND.name, target: probe.target.to_string(), reason };
    let settings = &probe.settings;
    let name = probe.target.host.as_deref().ok_or_else(|| bad("it takes a DNS name, such as zoom.us"))?;
    if settings.traceroute.is_some() {
        return Err(bad("it walks no traceroute: set one TTL a probe"));
    }
    let (transport, server, server_name) = match &probe.via {
        Via::System => return Ok(Box::new(BySystem { name: name.to_owned(), wait: system_wait(settings) })),
        Via::Dns { transport, server, name } => (*transport, *server, name.clone()),
        Via::Direct | Via::Proxy(_) => {
            return Err(bad("it needs a source to ask: --via system, or --via udp://192.0.2.53:53"));
        }
    };
    let record = settings.record.unwrap_or(RecordType::A);
    let question = Question::new(name, record, settings.checking_disabled.unwrap_or(false))
        .ok_or_else(|| bad("the name can't be asked for in DNS"))?;
    let way = match transport {
        DnsTransport::Udp => Way::Udp,
        DnsTransport::Tcp => Way::Tcp,
        DnsTransport::Dot | DnsTransport::Doh => {
            let name = server_name.unwrap_or_else(|| server.ip().to_string());
            let proven = ServerName::try_from(name.clone()).map_err(|_| bad("write the server's own name after #"))?;
            match (transport, &proven) {
                (DnsTransport::Dot, _) => Way::Tls(proven),
                // hickory writes one text as certificate name and as authority, where IPv6 needs brackets.
                (_, ServerName::IpAddress(_)) if server.is_ipv6() => {
                    return Err(bad("write the server's own name after #"));
                }
                _ => Way::Https(name),
            }
        }
    };
    Ok(Box::new(ByServer { question, server, way, settings: settings.clone() }))
}

/// The name as the system's library resolves it.
struct BySystem {
    name: String,
    wait: Duration,
}

impl Prober for BySystem {
    fn probe<'a>(&'a self, means: &'a Means<'a>) -> Pending<'a, Result<Seen, CannotProbe>> {
        Box::pin(async {
            let began = means.clock.elapsed();
            let found = means.system.lookup(&self.name, self.wait).await?;
            let took = means.clock.elapsed().saturating_sub(began);
            let failure = Failure::new(Stage::Resolve, How::NotFound);
            Ok(match found {
                SystemLookup::Found(addresses) => Seen::facts(vec![Fact::Answer(by_library(addresses, took))]),
                SystemLookup::NotFound(words) => Seen::failed(vec![], failure.saying(shown(&words, WORDS_CHARS))),
                SystemLookup::TryAgain(words) => {
                    Seen::failed(vec![], Failure { how: How::TryAgain, ..failure }.saying(shown(&words, WORDS_CHARS)))
                }
                SystemLookup::Failed(words) => {
                    Seen::failed(vec![], Failure { how: How::Denied, ..failure }.saying(shown(&words, WORDS_CHARS)))
                }
                SystemLookup::Silent => Seen::failed(vec![], Failure { how: How::Silent, ..failure }.after(took)),
            })
        })
    }
}

fn by_library(addresses: Vec<std::net::IpAddr>, took: Duration) -> Answer {
    Answer {
        rcode: "NOERROR".to_owned(),
        addresses,
        aliases: vec![],
        ttl_s: None,
        truncated: false,
        authentic: false,
        nth: 1,
        rtt_us: micros(took),
    }
}

/// The name as one DNS server has it.
struct ByServer {
    question: Question,
    server: SocketAddr,
    way: Way,
    settings: Settings,
}

/// The transport, with the name that the server must prove.
enum Way {
    Udp,
    Tcp,
    Tls(ServerName<'static>),
    Https(String),
}

impl Prober for ByServer {
    fn probe<'a>(&'a self, means: &'a Means<'a>) -> Pending<'a, Result<Seen, CannotProbe>> {
        Box::pin(async {
            let asking = Asking { means, question: &self.question, server: self.server, settings: &self.settings };
            let mut facts = Vec::new();
            let failure = match &self.way {
                Way::Udp => by_udp(asking, &mut facts).await?,
                Way::Tcp => by_tcp(asking, &mut facts).await?,
                Way::Tls(name) => by_tls(asking, name, &mut facts).await?,
                Way::Https(name) => by_https(asking, name, &mut facts).await?,
            };
            Ok(Seen { facts, failure })
        })
    }
}

fn system_wait(settings: &Settings) -> Duration {
    settings.wait_or(SYSTEM_WAIT)
}

/// A library that finds its first resolver dead asks the second after 5 s (`resolv.conf(5)`, `timeout`).
const SYSTEM_WAIT: Duration = Duration::from_secs(7);
const WORDS_CHARS: usize = 120;

#[cfg(test)]
mod tests {
    use std::future::{Future, pending};
    use std::net::{IpAddr, Ipv4Addr};

    use hickory_resolver::proto::op::{Message, ResponseCode};
    use hickory_resolver::proto::rr::rdata::A;
    use hickory_resolver::proto::rr::{RData, Record};
    use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
    use tokio::net::{TcpListener, UdpSocket};

    use super::*;
    use crate::model::{CertificateFault, Connected, IcmpError, IcmpMeaning, Role, Roots, Target};
    use crate::os::Trust;
    use crate::testing::{Identity, Names, Scene, identity, nobody, trusting};

    const LOCAL: &str = "127.0.0.1:0";
    const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    /// Runs a probe while a server serves, and forgets what differs from run to run.
    async fn probe_at(via: &str, settings: Settings, trust: Trust, server: impl Future<Output = ()>) -> Seen {
        let probe = Probe::new(KIND.name, Role::SignIn, Target::name("zoom.example"));
        let probe = probe.by(via.parse().unwrap()).with(settings);
        timeless(Scene::new().trusting(trust).probe_while(&KIND, &probe, Box::pin(server)).await)
    }

    async fn probe(via: &str, settings: Settings, server: impl Future<Output = ()>) -> Seen {
        probe_at(via, settings, nobody(), server).await
    }

    fn timeless(mut seen: Seen) -> Seen {
        for fact in &mut seen.facts {
            match fact {
                Fact::Answer(answer) => answer.rtt_us = 0,
                Fact::Connected(connected) => {
                    connected.rtt_us = 0;
                    connected.local.set_port(0);
                    connected.peer.set_port(0);
                }
                Fact::Handshake(handshake) => handshake.took_us = 0,
                _ => {}
            }
        }
        if let Some(failure) = &mut seen.failure {
            failure.waited_ms = None;
        }
        seen
    }

    /// A wait a try that a loaded machine keeps.
    fn brief(tries: u8) -> Settings {
        Settings { tries: Some(tries), wait_ms: Some(400), ..Settings::default() }
    }

    async fn udp() -> (UdpSocket, String) {
        let socket = UdpSocket::bind(LOCAL).await.unwrap();
        let via = format!("udp://{}", socket.local_addr().unwrap());
        (socket, via)
    }

    async fn tcp(scheme: &str) -> (TcpListener, String) {
        let listener = TcpListener::bind(LOCAL).await.unwrap();
        let via = format!("{scheme}://{}", listener.local_addr().unwrap());
        (listener, via)
    }

    /// Sends these replies to the first query.
    async fn reply_once(socket: &UdpSocket, replies: impl FnOnce(&Message) -> Vec<Vec<u8>>) {
        let mut buffer = [0; 512];
        let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
        for reply in replies(&Message::from_vec(&buffer[..length]).unwrap()) {
            socket.send_to(&reply, from).await.unwrap();
        }
    }

    fn empty(query: &Message) -> Message {
        let mut message = query.clone().into_response();
        message.metadata.authentic_data = false;
        message
    }

    fn with_address(query: &Message, last: u8) -> Message {
        let mut message = empty(query);
        let data = RData::A(A::from(Ipv4Addr::new(192, 0, 2, last)));
        message.add_answer(Record::from_rdata(query.queries[0].name.clone(), 60, data));
        message
    }

    fn bytes(message: &Message) -> Vec<u8> {
        message.to_vec().unwrap()
    }

    fn framed(message: &[u8]) -> Vec<u8> {
        [&u16::try_from(message.len()).unwrap().to_be_bytes(), message].concat()
    }

    async fn read_query(stream: &mut (impl AsyncRead + Unpin)) -> Message {
        let length = stream.read_u16().await.unwrap();
        let mut query = vec![0; length.into()];
        stream.read_exact(&mut query).await.unwrap();
        Message::from_vec(&query).unwrap()
    }

    /// The answer that [`with_address`] makes.
    fn answer(last: u8, nth: u8) -> Answer {
        let addresses = vec![IpAddr::from([192, 0, 2, last])];
        Answer { ttl_s: Some(60), nth, ..by_library(addresses, Duration::ZERO) }
    }

    fn connected() -> Fact {
        let any = SocketAddr::new(LOCALHOST, 0);
        Fact::Connected(Connected { rtt_us: 0, local: any, peer: any })
    }

    fn failed(how: How) -> Failure {
        Failure::new(Stage::Resolve, how)
    }

    #[tokio::test]
    async fn an_answer_by_udp_is_told() {
        let (socket, via) = udp().await;
        let server = reply_once(&socket, |query| vec![bytes(&with_address(query, 1))]);
        let seen = probe(&via, Settings::default(), server).await;
        assert_eq!(seen, Seen::facts(vec![Fact::Answer(answer(1, 1))]));
    }

    #[tokio::test]
    async fn nxdomain_is_an_answer_and_a_failure() {
        let (socket, via) = udp().await;
        let server = reply_once(&socket, |query| vec![bytes(&failing(query, ResponseCode::NXDomain))]);
        let denial = Answer { rcode: "NXDOMAIN".to_owned(), ..by_library(vec![], Duration::ZERO) };
        let expected = Seen::failed(vec![Fact::Answer(denial)], failed(How::NotFound).saying("NXDOMAIN"));
        assert_eq!(probe(&via, Settings::default(), server).await, expected);
    }

    #[tokio::test]
    async fn no_data_is_an_answer_and_no_failure() {
        let (socket, via) = udp().await;
        let server = reply_once(&socket, |query| vec![bytes(&empty(query))]);
        let seen = probe(&via, Settings::default(), server).await;
        assert_eq!(seen, Seen::facts(vec![Fact::Answer(by_library(vec![], Duration::ZERO))]));
    }

    #[tokio::test]
    async fn silence_is_believed_after_all_tries() {
        let (_socket, via) = udp().await;
        let expected = Seen::failed(vec![Fact::Tries { made: 3, answered: 0 }], failed(How::Silent));
        assert_eq!(probe(&via, brief(3), async {}).await, expected);
    }

    #[tokio::test]
    async fn a_late_answer_to_the_first_try_counts() {
        let (socket, via) = udp().await;
        let server = async {
            let mut buffer = [0; 512];
            let (length, _) = socket.recv_from(&mut buffer).await.unwrap();
            let first = Message::from_vec(&buffer[..length]).unwrap();
            reply_once(&socket, |_| vec![bytes(&with_address(&first, 1))]).await;
        };
        let expected = vec![Fact::Tries { made: 2, answered: 1 }, Fact::Answer(answer(1, 1))];
        assert_eq!(probe(&via, brief(3), server).await, Seen::facts(expected));
    }

    fn failing(query: &Message, code: ResponseCode) -> Message {
        let mut message = empty(query);
        message.metadata.response_code = code;
        message
    }

    #[tokio::test]
    async fn a_server_that_cannot_bear_edns_is_asked_without_it() {
        let (socket, via) = udp().await;
        let server = async {
            reply_once(&socket, |query| vec![bytes(&failing(query, ResponseCode::FormErr))]).await;
            reply_once(&socket, |query| {
                assert_eq!(query.edns, None);
                vec![bytes(&with_address(query, 1))]
            })
            .await;
        };
        let expected = vec![Fact::Tries { made: 2, answered: 2 }, Fact::Answer(answer(1, 1))];
        assert_eq!(probe(&via, Settings::default(), server).await, Seen::facts(expected));
    }

    #[tokio::test]
    async fn a_refusal_of_edns_is_told_where_nothing_better_comes() {
        let (socket, via) = udp().await;
        let server = reply_once(&socket, |query| vec![bytes(&failing(query, ResponseCode::NotImp))]);
        let refusal = Answer { rcode: "NOTIMP".to_owned(), ..by_library(vec![], Duration::ZERO) };
        let facts = vec![Fact::Tries { made: 2, answered: 1 }, Fact::Answer(refusal)];
        let expected = Seen::failed(facts, failed(How::Denied).saying("NOTIMP"));
        assert_eq!(probe(&via, brief(2), server).await, expected);
    }

    #[tokio::test]
    async fn the_last_of_several_tries_goes_without_edns() {
        let (socket, via) = udp().await;
        let server = async {
            reply_once(&socket, |_| vec![]).await;
            reply_once(&socket, |query| {
                assert_eq!(query.edns, None);
                vec![]
            })
            .await;
        };
        let expected = Seen::failed(vec![Fact::Tries { made: 2, answered: 0 }], failed(How::Silent));
        assert_eq!(probe(&via, brief(2), server).await, expected);
    }

    #[tokio::test]
    async fn a_flood_of_datagrams_ends_the_probe_and_not_the_memory() {
        let (socket, via) = udp().await;
        let server = async {
            let mut buffer = [0; 512];
            let (_, from) = socket.recv_from(&mut buffer).await.unwrap();
            while socket.send_to(b"x", from).await.is_ok() {}
        };
        let settings = Settings { tries: Some(1), wait_ms: Some(600_000), ..Settings::default() };
        let nonsense = Fact::Garbage { text: "x".to_owned() };
        let facts = vec![nonsense.clone(), nonsense.clone(), nonsense, Fact::Tries { made: 1, answered: 0 }];
        let failure = failed(How::Malformed).saying("only datagrams that answer nothing");
        assert_eq!(probe(&via, settings, server).await, Seen::failed(facts, failure));
    }

    #[tokio::test]
    async fn an_answer_with_a_wrong_id_does_not_end_the_waiting() {
        let (socket, via) = udp().await;
        let server = reply_once(&socket, |query| {
            let mut wrong = with_address(query, 9);
            wrong.metadata.id = !query.metadata.id;
            vec![bytes(&wrong), bytes(&with_address(query, 1))]
        });
        let seen = probe(&via, Settings::default(), server).await;
        assert!(matches!(&seen.facts[..], [Fact::Garbage { .. }, Fact::Answer(right)] if *right == answer(1, 1)));
    }

    #[tokio::test]
    async fn nothing_but_nonsense_is_malformed_and_little_of_it_is_kept() {
        let (socket, via) = udp().await;
        let server = reply_once(&socket, |_| vec![b"\x1bno DNS".to_vec(); 5]);
        let nonsense = Fact::Garbage { text: r"\u{1b}no DNS".to_owned() };
        let facts = vec![nonsense.clone(), nonsense.clone(), nonsense, Fact::Tries { made: 1, answered: 0 }];
        let failure = failed(How::Malformed).saying("only datagrams that answer nothing");
        assert_eq!(probe(&via, brief(1), server).await, Seen::failed(facts, failure));
    }

    #[tokio::test]
    async fn a_second_answer_that_disagrees_is_told_when_asked_for() {
        let (socket, via) = udp().await;
        let server = reply_once(&socket, |query| {
            vec![bytes(&with_address(query, 9)), bytes(&with_address(query, 9)), bytes(&with_address(query, 1))]
        });
        let settings = Settings { second_answer_ms: Some(2000), ..Settings::default() };
        let expected = vec![Fact::Answer(answer(9, 1)), Fact::Answer(answer(1, 2))];
        assert_eq!(probe(&via, settings, server).await, Seen::facts(expected));
    }

    #[tokio::test]
    async fn a_second_answer_that_agrees_is_no_news() {
        let (socket, via) = udp().await;
        let server = reply_once(&socket, |query| vec![bytes(&with_address(query, 1)); 2]);
        let settings = Settings { second_answer_ms: Some(100), ..Settings::default() };
        assert_eq!(probe(&via, settings, server).await, Seen::facts(vec![Fact::Answer(answer(1, 1))]));
    }

    #[tokio::test]
    async fn a_closed_port_is_refused_by_icmp() {
        let (socket, via) = udp().await;
        drop(socket);
        let refusal = IcmpError {
            from: Some(LOCALHOST),
            meaning: IcmpMeaning::PortUnreachable,
            kind: 3,
            code: 3,
            own: true,
            mtu: None,
        };
        let expected = Seen::failed(vec![Fact::Icmp(refusal)], failed(How::Refused));
        assert_eq!(probe(&via, brief(1), async {}).await, expected);
    }

    /// A UDP socket and a TCP listener at one port.
    async fn both() -> (UdpSocket, TcpListener, String) {
        for _ in 0..20 {
            let listener = TcpListener::bind(LOCAL).await.unwrap();
            let at = listener.local_addr().unwrap();
            if let Ok(socket) = UdpSocket::bind(at).await {
                return (socket, listener, format!("udp://{at}"));
            }
        }
        panic!("no port is free for both")
    }

    async fn truncate_once(socket: &UdpSocket) {
        reply_once(socket, |query| vec![bytes(&empty(query).truncate())]).await;
    }

    fn truncated() -> Fact {
        Fact::Answer(Answer { truncated: true, ..by_library(vec![], Duration::ZERO) })
    }

    #[tokio::test]
    async fn a_truncated_answer_is_asked_for_again_by_tcp() {
        let (socket, listener, via) = both().await;
        let server = async {
            truncate_once(&socket).await;
            let (mut stream, _) = listener.accept().await.unwrap();
            let query = read_query(&mut stream).await;
            stream.write_all(&framed(&bytes(&with_address(&query, 1)))).await.unwrap();
            pending::<()>().await;
        };
        let expected = vec![truncated(), connected(), Fact::Answer(answer(1, 1))];
        assert_eq!(probe(&via, Settings::default(), server).await, Seen::facts(expected));
    }

    #[tokio::test]
    async fn tcp_that_is_closed_after_truncation_is_told_as_such() {
        let (socket, listener, via) = both().await;
        drop(listener);
        let failure = failed(How::Refused).saying("after truncation: ECONNREFUSED");
        let seen = probe(&via, Settings::default(), truncate_once(&socket)).await;
        assert_eq!(seen, Seen::failed(vec![truncated()], failure));
    }

    #[tokio::test]
    async fn a_length_that_lies_is_silence_with_its_count() {
        let (listener, via) = tcp("tcp").await;
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"\xff\xffabc").await.unwrap();
            pending::<()>().await;
        };
        let failure = failed(How::Silent).saying("3 of 65535 announced bytes came");
        assert_eq!(probe(&via, brief(1), server).await, Seen::failed(vec![connected()], failure));
    }

    #[tokio::test]
    async fn a_connection_closed_instead_of_an_answer_is_closed() {
        let (listener, via) = tcp("tcp").await;
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_query(&mut stream).await;
        };
        assert_eq!(
            probe(&via, Settings::default(), server).await,
            Seen::failed(vec![connected()], failed(How::Closed))
        );
    }

    #[tokio::test]
    async fn a_closed_tcp_port_is_refused() {
        let (listener, via) = tcp("tcp").await;
        drop(listener);
        let seen = probe(&via, Settings::default(), async {}).await;
        assert_eq!(seen, Seen::failed(vec![], failed(How::Refused).saying("ECONNREFUSED")));
    }

    /// A TLS server as dns.example, and roots that accept it.
    fn dns_example(alpn: &[&[u8]]) -> (tokio_rustls::TlsAcceptor, Trust) {
        let Identity { certificate, acceptor } = identity("dns.example", alpn);
        (acceptor, trusting(&[&certificate]))
    }

    fn accepted(fault: Option<CertificateFault>) -> Fact {
        Fact::Verified { roots: Roots::Public, fault, besides: None }
    }

    async fn answer_framed(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let query = read_query(&mut stream).await;
        stream.write_all(&framed(&bytes(&with_address(&query, 1)))).await.unwrap();
        stream.flush().await.unwrap();
        pending::<()>().await;
    }

    #[tokio::test]
    async fn an_answer_over_tls_comes_with_its_handshake() {
        let (listener, via) = tcp("dot").await;
        let (acceptor, trust) = dns_example(&[]);
        let server = async {
            let (stream, _) = listener.accept().await.unwrap();
            answer_framed(acceptor.accept(stream).await.unwrap()).await;
        };
        let seen = probe_at(&format!("{via}#dns.example"), Settings::default(), trust, server).await;
        let [told @ .., Fact::Handshake(handshake), last] = &seen.facts[..] else { panic!("{seen:?}") };
        assert_eq!((told, last), (&[connected(), accepted(None)][..], &Fact::Answer(answer(1, 1))));
        assert_eq!((handshake.version.as_str(), &handshake.cipher[..4]), ("1.3", "TLS_"));
        assert_eq!(seen.failure, None);
    }

    #[tokio::test]
    async fn a_server_that_cannot_prove_its_name_is_not_asked() {
        let (listener, via) = tcp("dot").await;
        let (acceptor, trust) = dns_example(&[]);
        let server = async {
            let (stream, _) = listener.accept().await.unwrap();
            assert!(acceptor.accept(stream).await.is_err());
        };
        let seen = probe_at(&format!("{via}#other.example"), Settings::default(), trust, server).await;
        let failure =
            Failure::new(Stage::Handshake, How::Malformed).saying("certificate not accepted: for another name");
        let facts = vec![connected(), accepted(Some(CertificateFault::WrongName))];
        assert_eq!(seen, Seen::failed(facts, failure));
    }

    #[tokio::test]
    async fn what_speaks_no_tls_is_malformed_and_shown() {
        let (listener, via) = tcp("dot").await;
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await.unwrap();
            pending::<()>().await;
        };
        let seen = probe(&format!("{via}#dns.example"), Settings::default(), server).await;
        let garbage = Fact::Garbage { text: r"HTTP/1.1 403 Forbidden\u{d}\u{a}\u{d}\u{a}".to_owned() };
        assert_eq!(seen.facts, [connected(), garbage]);
        assert_eq!(seen.failure.map(|f| (f.stage, f.how)), Some((Stage::Handshake, How::Malformed)));
    }

    #[tokio::test]
    async fn an_alert_is_told_by_its_name() {
        let (listener, via) = tcp("dot").await;
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"\x15\x03\x03\0\x02\x02\x70").await.unwrap();
            pending::<()>().await;
        };
        let seen = probe(&format!("{via}#dns.example"), Settings::default(), server).await;
        let name = "unrecognized_name".to_owned();
        let failure = Failure::new(Stage::Handshake, How::Alert).saying(&*name);
        assert_eq!(seen, Seen::failed(vec![connected(), Fact::Alert { name }], failure));
    }

    #[tokio::test]
    async fn silence_after_the_hello_is_of_its_own_stage() {
        let (listener, via) = tcp("doh").await;
        let server = async {
            let (_stream, _) = listener.accept().await.unwrap();
            pending::<()>().await;
        };
        let seen = probe(&format!("{via}#dns.example"), brief(1), server).await;
        assert_eq!(seen, Seen::failed(vec![connected()], Failure::new(Stage::Hello, How::Silent)));
    }

    /// Answers one HTTP/2 request with this status.
    async fn answer_https(listener: TcpListener, acceptor: tokio_rustls::TlsAcceptor, status: u16) {
        let (stream, _) = listener.accept().await.unwrap();
        let mut h2 = h2::server::handshake(acceptor.accept(stream).await.unwrap()).await.unwrap();
        let (request, mut respond) = h2.accept().await.unwrap().unwrap();
        assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/dns-query"));
        let mut body = request.into_body();
        let both = async {
            let query = Message::from_vec(&body.data().await.unwrap().unwrap()).unwrap();
            assert_eq!(query.metadata.id, 0);
            let head = hyper::Response::builder().status(status).header("content-type", "application/dns-message");
            let mut stream = respond.send_response(head.body(()).unwrap(), false).unwrap();
            stream.send_data(bytes(&with_address(&query, 1)).into(), true).unwrap();
            pending::<()>().await;
        };
        tokio::select! {
            () = both => {}
            _ = h2.accept() => {}
        }
    }

    #[tokio::test]
    async fn an_answer_over_https_is_told() {
        let (listener, via) = tcp("doh").await;
        let (acceptor, trust) = dns_example(&[b"h2"]);
        let server = answer_https(listener, acceptor, 200);
        let seen = probe_at(&format!("{via}#dns.example"), Settings::default(), trust, server).await;
        assert_eq!(seen, Seen::facts(vec![connected(), accepted(None), Fact::Answer(answer(1, 1))]));
    }

    #[tokio::test]
    async fn an_http_status_that_is_no_success_is_a_denial() {
        let (listener, via) = tcp("doh").await;
        let (acceptor, trust) = dns_example(&[b"h2"]);
        let server = answer_https(listener, acceptor, 403);
        let seen = probe_at(&format!("{via}#dns.example"), Settings::default(), trust, server).await;
        assert_eq!(seen.facts, [connected(), accepted(None)]);
        assert_eq!(seen.failure.map(|f| (f.stage, f.how)), Some((Stage::Http, How::Denied)));
    }

    #[tokio::test]
    async fn the_connection_of_an_https_probe_ends_with_it() {
        let (listener, via) = tcp("doh").await;
        let (acceptor, trust) = dns_example(&[b"h2"]);
        let probe = Probe::new(KIND.name, Role::Resolver, Target::name("zoom.example"))
            .by(format!("{via}#dns.example").parse().unwrap())
            .with(Settings { wait_ms: Some(2000), ..Settings::default() });
        let scene = Scene::new().trusting(trust);
        let server = async {
            let (stream, _) = listener.accept().await.unwrap();
            let mut tls = acceptor.accept(stream).await.unwrap();
            let mut all = Vec::new();
            // Ends when the peer closes, whether by FIN or RST.
            let _how = tls.read_to_end(&mut all).await;
        };
        let (seen, ()) = tokio::join!(scene.probe(&KIND, &probe), server);
        assert_eq!(seen.unwrap().failure.map(|f| (f.stage, f.how)), Some((Stage::Http, How::Silent)));
    }

    #[tokio::test]
    async fn the_systems_words_are_kept() {
        let probe = Probe::new(KIND.name, Role::SignIn, Target::name("zoom.example")).by(Via::System);
        let gave =
            async |lookup| timeless(Scene::new().knowing(Names::all(lookup)).probe(&KIND, &probe).await.unwrap());
        let addresses = vec![IpAddr::from([192, 0, 2, 1])];
        assert_eq!(
            gave(SystemLookup::Found(addresses.clone())).await,
            Seen::facts(vec![Fact::Answer(by_library(addresses, Duration::ZERO))])
        );
        assert_eq!(
            gave(SystemLookup::NotFound("Name or service not known".to_owned())).await,
            Seen::failed(vec![], failed(How::NotFound).saying("Name or service not known"))
        );
        assert_eq!(
            gave(SystemLookup::TryAgain("Temporary failure".to_owned())).await,
            Seen::failed(vec![], failed(How::TryAgain).saying("Temporary failure"))
        );
        assert_eq!(
            gave(SystemLookup::Failed("Non-recoverable failure".to_owned())).await,
            Seen::failed(vec![], failed(How::Denied).saying("Non-recoverable failure"))
        );
        assert_eq!(gave(SystemLookup::Silent).await, Seen::failed(vec![], failed(How::Silent)));
    }

    #[test]
    fn a_probe_that_names_no_source_or_no_name_is_refused() {
        let named = Probe::new(KIND.name, Role::SignIn, Target::name("zoom.example"));
        assert!(prepare(&named).is_err());
        let server: Via = "udp://127.0.0.1:53".parse().unwrap();
        assert!(prepare(&named.clone().by(server.clone())).is_ok());
        let address = Probe::new(KIND.name, Role::SignIn, Target::address(LOCALHOST)).by(server.clone());
        assert!(prepare(&address).is_err());
        let traceroute = Settings { traceroute: Some(8), ..Settings::default() };
        assert!(prepare(&named.clone().by(server).with(traceroute)).is_err());
        assert!(prepare(&named.by("doh://[::1]:443".parse().unwrap())).is_err());
    }
}
