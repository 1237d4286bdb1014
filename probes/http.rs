//! Fetches one page over plain HTTP, straight from an address.
//!
//! What it looks at: one response, its `Date` and the beginning of its page. It follows no redirect, and says nothing
//! of TLS. What a bad result means: a captive portal answers in place of the page. A `Date` far from this computer's
//! clock makes certificates fail. An OCSP host that can't be reached delays every certificate. A failure at `http`
//! after `connect` passed means that the port is open and no page came. What to do: log in at the portal, set the
//! clock, or let the host through. Example: `http` at `192.0.2.1:80/tcp`, expecting an empty page with status 204,
//! gets a redirect: a portal wants a login.

use std::net::SocketAddr;
use std::time::Duration;

use crate::model::{
    BadProbe, CannotProbe, Fact, Fetch, Layer, Method, Pending, Probe, ProbeName, Seen, Settings, Transport, Via,
};
use crate::net::Dial;
use crate::prober::{ProbeKind, Prober, Subject};
use crate::session::dial::{Opened, open};
use crate::session::{Means, http};

/// One page over plain HTTP.
pub(crate) const KIND: ProbeKind = ProbeKind {
    name: ProbeName::Http,
    summary: "fetches one page over plain HTTP, as captive portals, clocks and OCSP hosts are told by it",
    layer: Layer::Path,
    subject: Subject::Address,
    default_port: Some((80, Transport::Tcp)),
    sources: &["RFC 9110", "RFC 9112"],
    prepare,
};

fn prepare(probe: &Probe) -> Result<Box<dyn Prober>, BadProbe> {
    let bad = |reason| BadProbe { probe: KIND.name, target: probe.target.to_string(), reason };
    let target = &probe.target;
    let (Some(to), Some((_, Transport::Tcp))) = (target.socket(), target.port) else {
        return Err(bad("it needs an address and a TCP port, such as example.com@192.0.2.1:80/tcp"));
    };
    if probe.via != Via::Direct {
        return Err(bad("it goes direct"));
    }
    let fetch = probe.settings.fetch.clone().unwrap_or_else(first_page);
    let host_header = http::host_header(target, HTTP);
    if !http::can_be_sent(&host_header, &fetch) {
        return Err(bad("its fetch needs a path that begins with a slash and holds no blanks"));
    }
    Ok(Box::new(Http { to, host_header, fetch, settings: probe.settings.clone() }))
}

fn first_page() -> Fetch {
    Fetch { method: Method::Get, path: "/".to_owned(), expect: None }
}

/// An exchange that is ready to go.
struct Http {
    to: SocketAddr,
    host_header: String,
    fetch: Fetch,
    settings: Settings,
}

impl Prober for Http {
    fn probe<'a>(&'a self, means: &'a Means<'a>) -> Pending<'a, Result<Seen, CannotProbe>> {
        Box::pin(self.take(means))
    }
}

impl Http {
    async fn take(&self, means: &Means<'_>) -> Result<Seen, CannotProbe> {
        let wait = self.settings.wait_ms.map(|ms| Duration::from_millis(ms.into()));
        let Settings { ttl, mss, source, .. } = self.settings;
        let dial = Dial { ttl, mss, source, ..Dial::new(self.to, wait.unwrap_or(CONNECT_WAIT)) };
        let Opened { mut facts, stream } = open(means, dial).await?;
        let mut stream = match stream {
            Ok(stream) => stream,
            Err(failure) => return Ok(Seen::failed(facts, failure)),
        };
        let wait = wait.unwrap_or(ANSWER_WAIT);
        let fetched = http::fetch(&mut stream, &self.host_header, &self.fetch, means.clock, wait).await;
        facts.extend(stream.icmp().into_iter().map(Fact::Icmp));
        match fetched {
            Ok(fetched) => {
                facts.extend(fetched.facts(&self.fetch));
                Ok(Seen::facts(facts))
            }
            Err(failure) => Ok(Seen::failed(facts, failure)),
        }
    }
}

/// Three SYNs fit into it, see [`Dial::wait`].
const CONNECT_WAIT: Duration = Duration::from_millis(3200);
/// Two retransmissions of a lost request fit into it (RFC 6298, sections 2.1 and 5.5).
const ANSWER_WAIT: Duration = Duration::from_secs(4);
const HTTP: u16 = 80;

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::model::{Expect, Failure, How, Response, Role, Stage, Target};
    use crate::testing::Scene;

    async fn seen(settings: Settings, answer: &'static [u8]) -> Seen {
        let fill = |target: Target| Probe::new(KIND.name, Role::Portal, target.called("portal.example")).with(settings);
        let peer = async |mut stream: tokio::net::TcpStream| {
            let mut request = [0; 1024];
            let _read = stream.read(&mut request).await.unwrap();
            stream.write_all(answer).await.unwrap();
        };
        Scene::new().stopped().probe_at(&KIND, fill, peer).await
    }

    fn expecting(expect: Expect) -> Settings {
        let fetch = Fetch { method: Method::Get, path: "/generate_204".to_owned(), expect: Some(expect) };
        Settings { fetch: Some(fetch), ..Settings::default() }
    }

    #[tokio::test]
    async fn a_portal_shows_by_its_redirect_and_tells_the_clock() {
        let answer = b"HTTP/1.1 302 Found\r\nDate: Wed, 01 Jul 2026 01:00:00 GMT\r\nLocation: http://portal.example/login?mac=1\r\n\r\n";
        let seen = seen(expecting(Expect::Status(204)), answer).await;
        let response = Response {
            status: 302,
            server: None,
            via: None,
            location: Some("http://portal.example/login".to_owned()),
            content_type: None,
            excerpt: None,
            date_s: Some(1_782_867_600),
            clock_ahead_s: Some(-3600),
            as_expected: Some(false),
            took_us: 0,
        };
        assert_eq!((seen.facts.last(), seen.failure), (Some(&Fact::Response(response)), None));
    }

    #[tokio::test]
    async fn a_connection_is_told_even_where_no_page_came() {
        let seen = seen(Settings::default(), b"").await;
        assert!(matches!(seen.facts.as_slice(), [Fact::Connected(_)]));
        assert_eq!(seen.failure, Some(Failure::new(Stage::Http, How::Closed)));
    }

    #[test]
    fn a_probe_without_what_it_needs_is_refused_before_it_is_taken() {
        let probe = |target: &str| Probe::new(KIND.name, Role::Portal, target.parse().unwrap());
        let smuggling = Fetch { path: "/ HTTP/1.1\r\nx: y".to_owned(), ..first_page() };
        for probe in [
            probe("portal.example:80"),
            probe("192.0.2.1"),
            probe("192.0.2.1:80/udp"),
            probe("192.0.2.1:80").by(Via::System),
            probe("192.0.2.1:80").with(Settings { fetch: Some(smuggling), ..Settings::default() }),
        ] {
            assert!((KIND.prepare)(&probe).is_err(), "{probe:?}");
        }
    }
}
