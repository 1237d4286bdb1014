//! TLS with a proxy that wants it (`https://` proxies), before anything is asked of it.
//!
//! Its certificate is verified as a client would, and nothing is told of the chain: the `tls` look at the proxy's port does that.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Ask, Tunnelled, ended};
use crate::model::{CannotProbe, Failure, How, IcmpError, Stage};
use crate::net::Stream;
use crate::os::Trust;
use crate::session::stream_error::broken;

/// The connection to the proxy inside TLS, or how that ended.
///
/// # Errors
/// [`CannotProbe::Io`] when the proxy's host can't stand in a certificate.
pub(super) async fn wrap(
    ask: &Ask<'_>,
    stream: Box<dyn Stream>,
    trust: &Trust,
) -> Result<Result<Box<dyn Stream>, Tunnelled>, CannotProbe> {
    let operation = "make a TLS client for the proxy";
    let name = ServerName::try_from(ask.proxy.host.clone())
        .map_err(|error| CannotProbe::Io { operation, source: io::Error::new(io::ErrorKind::InvalidInput, error) })?;
    let config =
        client(roots(trust)).map_err(|error| CannotProbe::Io { operation, source: io::Error::other(error) })?;
    let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream).into_fallible();
    Ok(match timeout(ask.wait, handshake).await {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err((error, stream))) => Err(ended(stream, Vec::new(), not_secured(&error))),
        Err(_elapsed) => {
            let failure = Failure::new(Stage::Proxy, How::Silent).after(ask.wait).saying("TLS with the proxy");
            Err(Tunnelled { facts: Vec::new(), stream: Err(failure) })
        }
    })
}

fn client(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    Ok(ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Public roots and those of this computer: a proxy's own certificate is often of the company's authority.
fn roots(trust: &Trust) -> RootCertStore {
    let (public, system) = (trust.public(), trust.system());
    let system = system.iter().flat_map(|store| store.roots.iter());
    RootCertStore { roots: public.roots.iter().chain(system).cloned().collect() }
}

fn not_secured(error: &io::Error) -> Failure {
    let (how, words) = broken(error);
    let words = words.map_or_else(|| TLS.to_owned(), |words| format!("{TLS}: {words}"));
    Failure::new(Stage::Proxy, how).saying(words)
}

/// What was under way when it ended.
const TLS: &str = "TLS with the proxy";

impl Stream for TlsStream<Box<dyn Stream>> {
    fn local(&self) -> SocketAddr {
        self.get_ref().0.local()
    }

    fn icmp(&mut self) -> Vec<IcmpError> {
        self.get_mut().0.icmp()
    }

    fn set_ttl(&mut self, ttl: u8) -> bool {
        self.get_mut().0.set_ttl(ttl)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls::pki_types::CertificateDer;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::super::tunnel;
    use super::*;
    use crate::model::{Proxy, ProxyScheme};
    use crate::testing::{Identity, Peer, Scene, head, identity, say};

    const WAIT: Duration = Duration::from_secs(20);

    /// Asks a peer, which does its part meanwhile, for a tunnel, trusting these certificates as the system's.
    async fn ask_of(trusted: &[&CertificateDer<'static>], part: impl AsyncFnOnce(TcpStream)) -> Tunnelled {
        let mut roots = RootCertStore::empty();
        for &certificate in trusted {
            roots.add(certificate.clone()).unwrap();
        }
        let trust = Trust::new(RootCertStore::empty(), Some(roots));
        let peer = Peer::listen().await;
        let proxy =
            Proxy { scheme: ProxyScheme::Https, host: "127.0.0.1".to_owned(), port: peer.port(), credentials: None };
        let ask =
            Scene::new().trusting(trust).with(async |means| tunnel(means, &proxy, "zoom.us", 443, WAIT).await.unwrap());
        let serve = async { part(peer.accept().await).await };
        tokio::join!(ask, serve).0
    }

    #[tokio::test]
    async fn a_tunnel_inside_tls_carries_bytes_both_ways() {
        let Identity { certificate, acceptor } = identity("127.0.0.1", &[]);
        let mut peer_end = None;
        let tunnelled = ask_of(&[&certificate], async |stream| {
            let mut stream = acceptor.accept(stream).await.unwrap();
            assert!(head(&mut stream).await.starts_with("CONNECT zoom.us:443 HTTP/1.1\r\n"));
            say(&mut stream, b"HTTP/1.1 200 OK\r\n\r\nat once").await;
            peer_end = Some(stream);
        })
        .await;
        let (mut near, mut far) = (tunnelled.stream.unwrap(), peer_end.unwrap());
        let mut heard = [0; 7];
        near.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"at once");
        near.write_all(b"hello\r\n\r\n").await.unwrap();
        near.flush().await.unwrap();
        assert_eq!(head(&mut far).await, "hello\r\n\r\n");
    }

    #[tokio::test]
    async fn a_proxy_with_a_certificate_of_no_root_is_not_asked() {
        let acceptor = identity("127.0.0.1", &[]).acceptor;
        let tunnelled = ask_of(&[], async |stream| {
            assert!(acceptor.accept(stream).await.is_err());
        })
        .await;
        let expected = Failure::new(Stage::Proxy, How::Malformed)
            .saying("TLS with the proxy: invalid peer certificate: UnknownIssuer");
        assert_eq!(tunnelled.stream.err(), Some(expected));
    }

    #[tokio::test]
    async fn a_proxy_that_speaks_no_tls_is_malformed_and_one_that_hangs_up_is_closed() {
        let known = identity("127.0.0.1", &[]).certificate;
        let plain = ask_of(&[&known], async |mut stream| {
            say(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            // Drained, so that closing sends a FIN and not a RST.
            let _ = stream.read(&mut [0; 4096]).await;
        })
        .await;
        assert_eq!(plain.stream.err().unwrap().how, How::Malformed);
        let gone = ask_of(&[&known], async |mut stream| {
            let _ = stream.read(&mut [0; 4096]).await;
        })
        .await;
        let expected = Failure::new(Stage::Proxy, How::Closed).saying("TLS with the proxy");
        assert_eq!(gone.stream.err(), Some(expected));
    }
}
