//! Brings one file over HTTPS, as a program that trusts only the public roots would: for what is read, not for what is probed.
//!
//! It follows no redirect, tries nothing twice, sends no credentials but a proxy's own, and keeps nothing of a file that
//! did not come whole.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::{Host, Url};

use super::dial_host::{Way, reach};
use super::http::{Ask, Extent, ask, host_field};
use super::tunnel::tunnel_by;
use super::{Means, stream_error};
use crate::model::{CannotProbe, Failure, Fetch, How, Method, Proxy, Stage};
use crate::net::Stream;
use crate::wire::text::shown;

/// A file to bring.
#[derive(Clone, Copy, Debug)]
pub struct Download<'a> {
    /// Where it is, `https://` only.
    pub url: &'a str,
    /// The proxy to go through, which then resolves the name; straight to the server where there is none.
    pub proxy: Option<&'a Proxy>,
    /// The local address to send from; an unspecified one chooses the family alone.
    pub source: Option<IpAddr>,
    /// The largest file that is taken.
    pub limit_bytes: usize,
    /// How long all of it may take.
    pub wait: Duration,
}

/// A file could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// The URL can't be used.
    #[error("use the URL {url} ({why})")]
    Url {
        /// As it was given.
        url: String,
        /// What is wrong with it, and how to write it.
        why: &'static str,
    },
    /// This computer could not even try.
    #[error("fetch {url}")]
    CannotProbe {
        /// The file.
        url: String,
        /// What was in the way.
        source: CannotProbe,
    },
    /// The network, the proxy or the server did not give it.
    #[error("fetch {url}: {failure}")]
    Failed {
        /// The file.
        url: String,
        /// How it ended.
        failure: Failure,
    },
    /// The server's certificate does not hold against the public roots.
    #[error("fetch {url}: {fault}")]
    Untrusted {
        /// The file.
        url: String,
        /// What is wrong with the certificate, in rustls's words.
        fault: String,
    },
    /// The server answered with something else than the file.
    #[error("fetch {url}: the server answered with status {status}{}", .location.as_ref().map(|to| format!(" and points to {to}")).unwrap_or_default())]
    Status {
        /// The file.
        url: String,
        /// The status, not 200.
        status: u16,
        /// Where it would have led, without its query.
        location: Option<String>,
    },
    /// It is larger than it may be.
    #[error("fetch {url}: it is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The file.
        url: String,
        /// The most that is taken.
        limit_bytes: usize,
    },
}

/// Fetches a file. It resolves the host, connects, and verifies the certificate by the public roots and the clock. It
/// takes the whole body of a response with status 200.
///
/// # Errors
/// [`DownloadError::Url`] where the URL is no plain `https://` one; [`DownloadError::CannotProbe`] where this computer could
/// not try; else what the network, the certificate or the server did. A time that ran out is [`How::Silent`] at its stage.
pub async fn download(means: &Means<'_>, file: &Download<'_>) -> Result<Vec<u8>, DownloadError> {
    let place = Place::of(file.url)?;
    let deadline = Instant::now() + file.wait;
    let stream = timeout(file.wait, connect(means, &place, file)).await.unwrap_or_else(|_elapsed| {
        let stage = if file.proxy.is_some() { Stage::Proxy } else { Stage::Connect };
        Err(place.failed(Failure::new(stage, How::Silent).after(file.wait)))
    })?;
    let stream = secure(means, &place, stream, left(deadline)).await?;
    let fetch = Fetch { method: Method::Get, path: place.path.clone(), expect: None };
    // One byte more than may come tells a file that is too large from one that just fits.
    let body = Extent { bytes: file.limit_bytes.saturating_add(1), whole: true };
    let request = Ask { host: &place.host_header, fetch: &fetch, clock: means.clock, wait: left(deadline), body };
    let fetched = ask(stream, request).await.map_err(|failure| place.failed(failure))?;
    if fetched.response.status != OK {
        let (status, location) = (fetched.response.status, fetched.response.location);
        return Err(DownloadError::Status { url: place.url, status, location });
    }
    if fetched.body.len() > file.limit_bytes {
        return Err(DownloadError::TooLarge { url: place.url, limit_bytes: file.limit_bytes });
    }
    Ok(fetched.body)
}

/// A URL, as far as it is needed.
struct Place {
    /// For errors, safe to print.
    url: String,
    /// Name or address, an address without brackets.
    host: String,
    port: u16,
    name: ServerName<'static>,
    host_header: String,
    /// With the query.
    path: String,
}

impl Place {
    fn of(text: &str) -> Result<Self, DownloadError> {
        let wrong = |why| DownloadError::Url { url: shown(text, URL_CHARS), why };
        let url = Url::parse(text).map_err(|_| wrong("write https://host/path"))?;
        if !url.username().is_empty() || url.password().is_some() {
            // Not even in the error: it may be a password.
            let why = "it holds a user or a password; leave them out";
            return Err(DownloadError::Url { url: format!("of {}", url.host_str().unwrap_or("a server")), why });
        }
        if url.scheme() != "https" {
            return Err(wrong("only https is fetched, since nothing else is verified"));
        }
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err(wrong("it names no host")),
        };
        let name = ServerName::try_from(host.clone()).map_err(|_| wrong("its host can't stand in a certificate"))?;
        let port = url.port().unwrap_or(HTTPS);
        let host_header = host_field(&host, port, HTTPS);
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        Ok(Self { url: shown(url.as_str(), URL_CHARS), host, port, name, host_header, path })
    }

    fn failed(&self, failure: Failure) -> DownloadError {
        DownloadError::Failed { url: self.url.clone(), failure }
    }

    fn untried(&self, source: CannotProbe) -> DownloadError {
        DownloadError::CannotProbe { url: self.url.clone(), source }
    }
}

async fn connect(means: &Means<'_>, place: &Place, file: &Download<'_>) -> Result<Box<dyn Stream>, DownloadError> {
    let way = Way { source: file.source, ..Way::plain(file.wait.min(STEP_WAIT)) };
    let stream = match file.proxy {
        Some(proxy) => tunnel_by(means, proxy, (&place.host, place.port), way).await.map(|tunnelled| tunnelled.stream),
        None => reach(means, &place.host, place.port, way).await.map(|reached| reached.stream),
    };
    stream.map_err(|cannot| place.untried(cannot))?.map_err(|failure| place.failed(failure))
}

async fn secure(
    means: &Means<'_>,
    place: &Place,
    stream: Box<dyn Stream>,
    wait: Duration,
) -> Result<TlsStream<Box<dyn Stream>>, DownloadError> {
    let config = client(means).map_err(|error| {
        let source = std::io::Error::other(error);
        place.untried(CannotProbe::Io { operation: "make a TLS client", source })
    })?;
    match timeout(wait, TlsConnector::from(Arc::new(config)).connect(place.name.clone(), stream)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(not_secured(place, &error)),
        Err(_elapsed) => Err(place.failed(Failure::new(Stage::Handshake, How::Silent).after(wait))),
    }
}

fn client(means: &Means<'_>) -> Result<ClientConfig, rustls::Error> {
    let now = Now(UnixTime::since_unix_epoch(means.clock.wall()));
    let mut config = ClientConfig::builder_with_details(Arc::new(aws_lc_rs::default_provider()), Arc::new(now))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(means.trust.public())
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The time by the means' own clock.
#[derive(Debug)]
struct Now(UnixTime);

impl TimeProvider for Now {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.0)
    }
}

fn not_secured(place: &Place, error: &std::io::Error) -> DownloadError {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    if let Some(fault @ (rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)) = tls {
        return DownloadError::Untrusted { url: place.url.clone(), fault: shown(&fault.to_string(), FAULT_CHARS) };
    }
    place.failed(stream_error::failure(Stage::Handshake, error))
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// For each step of the way to the connection, so that a first address that is silent does not take all the time. Three
/// SYNs fit into it, see [`crate::net::Dial::wait`].
const STEP_WAIT: Duration = Duration::from_millis(3200);
const HTTPS: u16 = 443;
const OK: u16 = 200;
const URL_CHARS: usize = 200;
const FAULT_CHARS: usize = 300;

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;
    use crate::model::ProxyScheme;
    use crate::os::SystemLookup;
    use crate::testing::{Identity, Names, Peer, Scene, head, identity, say, trusting};

    const WAIT: Duration = Duration::from_secs(20);

    /// How `https://HOST:PORT/lists/a.txt?b=c` comes, 16 bytes at most, from a peer that does its part meanwhile.
    async fn brought(
        host: &str,
        roots: &[&CertificateDer<'static>],
        wait: Duration,
        part: impl AsyncFnOnce(TcpStream),
    ) -> Result<Vec<u8>, String> {
        let peer = Peer::listen().await;
        let url = format!("https://{host}:{}/lists/a.txt?b=c", peer.port());
        let file = Download { url: &url, proxy: None, source: None, limit_bytes: 16, wait };
        let here = SystemLookup::Found(vec![std::net::Ipv4Addr::LOCALHOST.into()]);
        let scene = Scene::new().knowing(Names::none().and("proxy.test", here));
        let ask = scene.trusting(trusting(roots)).with(async |means| download(means, &file).await);
        let serve = async { part(peer.accept().await).await };
        let (brought, ()) = tokio::join!(ask, serve);
        brought.map_err(|error| error.to_string().replace(&peer.port().to_string(), "PORT"))
    }

    /// What comes where the server, named as it is asked for and trusted, says this, and closes TLS properly or not at all.
    async fn answered(answer: &'static [u8], closes: bool) -> Result<Vec<u8>, String> {
        let Identity { certificate, acceptor } = identity("proxy.test", &[]);
        brought("proxy.test", &[&certificate], WAIT, async |stream| {
            let mut stream = acceptor.accept(stream).await.unwrap();
            let asked = head(&mut stream).await;
            assert!(asked.starts_with("GET /lists/a.txt?b=c HTTP/1.1\r\n"), "{asked}");
            say(&mut stream, answer).await;
            if closes {
                let _gone = stream.shutdown().await;
            }
        })
        .await
    }

    #[tokio::test]
    async fn a_file_comes_whole_from_a_server_that_is_trusted() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n3.7.35.0/25\r\nabc";
        assert_eq!(answered(answer, false).await, Ok(b"3.7.35.0/25\r\nabc".to_vec()));
        let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        assert_eq!(answered(answer, false).await, Ok(b"abc".to_vec()));
    }

    #[tokio::test]
    async fn a_file_whose_end_only_tls_tells_must_be_closed_by_tls() {
        let answer = b"HTTP/1.1 200 OK\r\n\r\nabc";
        assert_eq!(answered(answer, true).await, Ok(b"abc".to_vec()));
        let error = answered(answer, false).await.unwrap_err();
        assert!(error.starts_with("fetch https://proxy.test:PORT/lists/a.txt?b=c: closed at http"), "{error}");
    }

    #[tokio::test]
    async fn a_file_that_broke_off_is_none() {
        let error = answered(b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\nabc", true).await.unwrap_err();
        assert!(error.contains(": closed at http"), "{error}");
    }

    #[tokio::test]
    async fn a_file_above_its_limit_is_refused() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n0123456789abcdefg";
        let error = "fetch https://proxy.test:PORT/lists/a.txt?b=c: it is larger than 16 bytes";
        assert_eq!(answered(answer, false).await, Err(error.to_owned()));
    }

    #[tokio::test]
    async fn a_redirect_is_told_and_not_followed() {
        let answer = b"HTTP/1.1 302 Found\r\nLocation: https://portal.example/login?mac=1\r\nContent-Length: 0\r\n\r\n";
        let error = "fetch https://proxy.test:PORT/lists/a.txt?b=c: the server answered with status 302 and points to \
                     https://portal.example/login";
        assert_eq!(answered(answer, false).await, Err(error.to_owned()));
    }

    #[tokio::test]
    async fn a_server_of_no_public_root_is_asked_for_nothing() {
        let acceptor = identity("proxy.test", &[]).acceptor;
        let error = brought("proxy.test", &[], WAIT, async |stream| {
            assert!(acceptor.accept(stream).await.is_err());
        })
        .await;
        let expected = "fetch https://proxy.test:PORT/lists/a.txt?b=c: invalid peer certificate: UnknownIssuer";
        assert_eq!(error, Err(expected.to_owned()));
    }

    #[tokio::test]
    async fn a_certificate_for_another_name_is_untrusted() {
        let Identity { certificate, acceptor } = identity("other.test", &[]);
        let error = brought("127.0.0.1", &[&certificate], WAIT, async |stream| {
            assert!(acceptor.accept(stream).await.is_err());
        })
        .await
        .unwrap_err();
        assert!(error.contains(": invalid peer certificate: certificate not valid for name"), "{error}");
    }

    #[tokio::test]
    async fn a_server_that_says_nothing_is_left_in_time() {
        let mut kept = None;
        let error = brought("127.0.0.1", &[], Duration::from_millis(200), async |stream| kept = Some(stream)).await;
        let error = error.unwrap_err();
        assert!(error.contains(": silent at handshake after"), "{error}");
    }

    #[tokio::test]
    async fn a_name_that_is_unknown_is_a_failure_to_resolve() {
        let file =
            Download { url: "https://nobody.test/a.txt", proxy: None, source: None, limit_bytes: 16, wait: WAIT };
        let error = Scene::new().with(async |means| download(means, &file).await).await.unwrap_err();
        let expected = "fetch https://nobody.test/a.txt: not found at resolve (Name or service not known)";
        assert_eq!(error.to_string(), expected);
    }

    #[tokio::test]
    async fn a_file_comes_through_a_proxy_which_learns_the_name_alone() {
        let Identity { certificate, acceptor } = identity("assets.test", &[]);
        let peer = Peer::listen().await;
        let proxy =
            Proxy { scheme: ProxyScheme::Http, host: "127.0.0.1".to_owned(), port: peer.port(), credentials: None };
        let file = Download {
            url: "https://assets.test/a.txt",
            proxy: Some(&proxy),
            source: None,
            limit_bytes: 16,
            wait: WAIT,
        };
        let ask = Scene::new().trusting(trusting(&[&certificate])).with(async |means| download(means, &file).await);
        let serve = async {
            let mut stream = peer.accept().await;
            assert!(head(&mut stream).await.starts_with("CONNECT assets.test:443 HTTP/1.1\r\n"));
            say(&mut stream, b"HTTP/1.1 200 OK\r\n\r\n").await;
            let mut stream = acceptor.accept(stream).await.unwrap();
            let asked = head(&mut stream).await;
            assert!(asked.to_ascii_lowercase().contains("host: assets.test\r\n"), "{asked}");
            say(&mut stream, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").await;
            let _drained = stream.read(&mut [0; 1]).await;
        };
        let (brought, ()) = tokio::join!(ask, serve);
        assert_eq!(brought.unwrap(), b"abc");
    }

    #[test]
    fn only_plain_https_urls_are_fetched() {
        let refused = |text: &str| match Place::of(text) {
            Ok(_) => panic!("{text}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(
            refused("http://zoom.us/a.txt"),
            "use the URL http://zoom.us/a.txt (only https is fetched, since nothing else is verified)"
        );
        assert_eq!(refused("ZoomMeetings.txt"), "use the URL ZoomMeetings.txt (write https://host/path)");
        assert_eq!(
            refused("https://me:secret@zoom.us/a.txt"),
            "use the URL of zoom.us (it holds a user or a password; leave them out)"
        );
    }

    #[test]
    fn an_ipv6_address_stands_in_brackets_where_http_wants_them() {
        let place = Place::of("https://[::1]:8443/a").unwrap();
        assert_eq!((place.host.as_str(), place.host_header.as_str()), ("::1", "[::1]:8443"));
    }
}
