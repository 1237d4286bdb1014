//! The HTTP proxy of a world: it makes tunnels by CONNECT, or says why not.
//!
//! It resolves names by itself and reaches nothing outside the world.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use why5003_probes::model::{Pending, Transport};

use super::block;
use super::dns::Zone;
use super::doors::reset_at_end;
use super::houses::is_zooms_name;
use super::layout::ProxyManner;
use super::servers::Serve;
use super::shifted::Endpoints;
use super::web::{Page, read_head, within};

/// The port it listens at, as Squid's does.
pub(super) const PORT: u16 = 3128;

/// A proxy.
pub(super) struct ConnectProxy {
    /// What it does.
    pub(super) manner: ProxyManner,
    /// The address it connects from.
    pub(super) source: Ipv4Addr,
    /// The names it knows.
    pub(super) zone: Arc<Zone>,
    /// Where somebody is.
    pub(super) endpoints: Endpoints,
}

impl Serve for ConnectProxy {
    fn serve(&self, stream: TcpStream) -> Pending<'_, ()> {
        Box::pin(async move {
            let _gone = self.attend(stream).await;
        })
    }
}

impl ConnectProxy {
    async fn attend(&self, mut client: TcpStream) -> io::Result<()> {
        let head = within(read_head(&mut client)).await?;
        match self.tunnel(&head).await {
            Ok(server) => {
                within(client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")).await?;
                relay(client, server).await
            }
            Err(refusal) => {
                within(client.write_all(&refusal.written(true))).await?;
                within(client.shutdown()).await
            }
        }
    }

    async fn tunnel(&self, head: &[u8]) -> Result<TcpStream, Page> {
        let (host, port) = asked_for(head).ok_or_else(|| refusal("400 Bad Request", "ERR_INVALID_REQ 0"))?;
        match self.manner {
            ProxyManner::WantsLogin => return Err(login_wanted()),
            ProxyManner::DeniesZoom if is_zooms_name(&host) => {
                return Err(refusal("403 Forbidden", "ERR_ACCESS_DENIED 0"));
            }
            ProxyManner::Works | ProxyManner::DeniesZoom | ProxyManner::Dead => {}
        }
        let address = match host.parse() {
            Ok(address) => address,
            Err(_) => self
                .zone
                .addresses(&host)
                .and_then(|addresses| addresses.first().copied())
                .ok_or_else(|| refusal("503 Service Unavailable", "ERR_DNS_FAIL 0"))?,
        };
        self.connect(address, port).await.map_err(|_| refusal("503 Service Unavailable", "ERR_CONNECT_FAIL 111"))
    }

    async fn connect(&self, address: Ipv4Addr, port: u16) -> io::Result<TcpStream> {
        if !self.endpoints.holds(address, port, Transport::Tcp) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(IpAddr::V4(self.source), 0))?;
        within(socket.connect(block::behind(address, port))).await
    }
}

/// Host and port of a CONNECT request (RFC 9110, 9.3.6).
fn asked_for(head: &[u8]) -> Option<(String, u16)> {
    let line = std::str::from_utf8(head).ok()?.lines().next()?;
    let (host, port) = line.strip_prefix("CONNECT ")?.split_once(' ')?.0.rsplit_once(':')?;
    Some((host.trim_end_matches('.').to_ascii_lowercase(), port.parse().ok()?))
}

fn login_wanted() -> Page {
    let mut page = refusal("407 Proxy Authentication Required", "ERR_CACHE_ACCESS_DENIED 0");
    page.headers.extend([
        "Proxy-Authenticate: Negotiate".to_owned(),
        "Proxy-Authenticate: Basic realm=\"Example Corp\"".to_owned(),
    ]);
    page
}

fn refusal(status: &'static str, error: &str) -> Page {
    let mut page = Page::html(status, "ERROR", "The requested tunnel could not be made.");
    page.headers.extend([format!("X-Squid-Error: {error}"), "Via: 1.1 proxy.corp.example (demo)".to_owned()]);
    page
}

/// Carries bytes both ways until both ends are done; the connection's time limit is the server loop's.
async fn relay(mut client: TcpStream, mut server: TcpStream) -> io::Result<()> {
    // A tunnel ends as its far end does: what it closes by RST is passed on as RST.
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let up = carry(&mut from_client, &mut to_server);
    let down = carry(&mut from_server, &mut to_client);
    let ended = tokio::try_join!(up, down);
    if ended.is_err() {
        reset_at_end(&client);
    }
    ended.map(drop)
}

async fn carry<R, W>(from: &mut R, to: &mut W) -> io::Result<()>
where
    R: AsyncReadExt + Unpin,
    W: AsyncWriteExt + Unpin,
{
    let mut limited = from.take(TUNNEL_BYTES);
    tokio::io::copy(&mut limited, to).await?;
    to.shutdown().await
}

/// One way of a tunnel; a handshake and a page need some kilobytes.
const TUNNEL_BYTES: u64 = 4 * 1024 * 1024;
