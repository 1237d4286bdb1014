//! A TLS server, and the filters that a ClientHello can meet on the way to it.
//!
//! What is said after the handshake is the site's; without one the connection is closed after a finished handshake.

use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::Acceptor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};
use why5003_probes::model::Pending;

use super::doors::{reset_at_end, segment_bytes};
use super::houses::is_zooms_name;
use super::layout::Passage;
use super::servers::Serve;
use super::web::{Site, within};

/// A TLS server of a house.
pub(super) struct TlsHost {
    /// What it presents, whatever name is asked for.
    pub(super) config: Arc<ServerConfig>,
    /// What stands before it.
    pub(super) passage: Passage,
    /// What it says; `None` is a server that speaks no HTTP.
    pub(super) site: Option<Site>,
}

impl Serve for TlsHost {
    fn serve(&self, stream: TcpStream) -> Pending<'_, ()> {
        Box::pin(async move {
            let _gone = self.meet(stream).await;
        })
    }
}

impl TlsHost {
    async fn meet(&self, mut stream: TcpStream) -> io::Result<()> {
        match self.passage {
            Passage::Reset => reset_at_end(&stream),
            Passage::OnlySmallHello if within(hello_bytes(&stream)).await? > SMALL_HELLO => {
                swallow(&mut stream).await?;
            }
            Passage::OnlySmallSegments if segment_bytes(&stream)? > SMALL_SEGMENT => swallow(&mut stream).await?,
            Passage::ResetByName => self.filter_by_name(stream).await?,
            // What is dropped or refused never comes here but from the proxy, which is let through.
            Passage::Open
            | Passage::Dropped
            | Passage::Refused
            | Passage::OnlySmallHello
            | Passage::OnlySmallSegments => {
                let tls = within(handshake(stream, &self.config)).await?;
                self.talk(tls).await?;
            }
        }
        Ok(())
    }

    async fn filter_by_name(&self, stream: TcpStream) -> io::Result<()> {
        let start = within(LazyConfigAcceptor::new(Acceptor::default(), stream)).await?;
        if start.client_hello().server_name().is_some_and(is_zooms_name) {
            reset_at_end(&start.io);
            return Ok(());
        }
        let tls = within(start.into_stream(Arc::clone(&self.config))).await?;
        self.talk(tls).await
    }

    async fn talk(&self, mut tls: TlsStream<TcpStream>) -> io::Result<()> {
        if let Some(site) = &self.site {
            return site.answer(&mut tls).await;
        }
        let _hung_up = within(tls.read_u8()).await;
        within(tls.shutdown()).await
    }
}

/// The server's half of a handshake.
///
/// # Errors
/// Those of the stream, and of TLS as [`io::ErrorKind::InvalidData`].
pub(super) async fn handshake(stream: TcpStream, config: &Arc<ServerConfig>) -> io::Result<TlsStream<TcpStream>> {
    tokio_rustls::TlsAcceptor::from(Arc::clone(config)).accept(stream).await
}

/// The size of the first TLS record, its header included (RFC 8446, 5.1), without taking it.
async fn hello_bytes(stream: &TcpStream) -> io::Result<u16> {
    let mut header = [0; RECORD_HEADER];
    // A client sends header and hello at once; a first segment of less than five bytes is no client of ours.
    stream.peek(&mut header).await?;
    let [_, _, _, high, low] = header;
    Ok(u16::from_be_bytes([high, low]).saturating_add(5))
}

/// Reads and never answers, until the peer goes.
async fn swallow(stream: &mut TcpStream) -> io::Result<()> {
    let mut rest = stream.take(SWALLOWED_BYTES);
    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await.map(drop)
}

const RECORD_HEADER: usize = 5;
/// Between a hello without (about 300 bytes) and one with an X25519MLKEM768 key share (1 216 bytes of share alone,
/// draft-ietf-tls-ecdhe-mlkem).
const SMALL_HELLO: u16 = 1200;
/// A path MTU of 1280 (RFC 8200, section 5) leaves 1 240 bytes to a segment over IPv4.
const SMALL_SEGMENT: u32 = 1240;
const SWALLOWED_BYTES: u64 = 65_536;
