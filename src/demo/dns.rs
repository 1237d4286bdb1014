//! The resolvers of a world, over UDP, TCP and TLS.
//!
//! They know the names of the world and no others, and ask nobody.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::A;
use hickory_resolver::proto::rr::{RData, Record, RecordType};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use why5003_probes::model::Pending;

use super::block::Block;
use super::houses::{self, BLOCK_PAGE, BLOCK_PAGE_NAME, HOUSES, LOGIN_PAGE, LOGIN_PAGE_NAME};
use super::layout::{Layout, Names};
use super::servers::{Reply, Serve};
use super::tls::handshake;
use super::web::within;

/// The names of a world with their true addresses.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    names: HashMap<&'static str, Vec<Ipv4Addr>>,
    block_page: Ipv4Addr,
}

impl Zone {
    /// The names of all houses in a block.
    pub(super) fn of(block: Block) -> Self {
        let houses = HOUSES
            .iter()
            .flat_map(|house| house.names.iter().map(move |&name| (name, house.addresses(block).collect::<Vec<_>>())));
        let pages = [(BLOCK_PAGE_NAME, vec![block.at(BLOCK_PAGE)]), (LOGIN_PAGE_NAME, vec![block.at(LOGIN_PAGE)])];
        Self { names: houses.chain(pages).collect(), block_page: block.at(BLOCK_PAGE) }
    }

    /// The true addresses of a name, lower case and without a final dot.
    pub(super) fn addresses(&self, name: &str) -> Option<&[Ipv4Addr]> {
        self.names.get(name).map(Vec::as_slice)
    }
}

/// How a resolver answers, by whose name is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manners {
    zoom: Names,
    log: Names,
    others: Names,
}

impl Manners {
    /// Those of the configured resolver.
    pub(super) fn configured(layout: &Layout) -> Self {
        Self { zoom: layout.zoom_names, log: layout.log_names, others: layout.other_names }
    }

    /// Those of the resolvers that nobody configured.
    pub(super) fn independent(layout: &Layout) -> Self {
        Self { zoom: layout.independents, log: layout.independents, others: layout.independents }
    }

    /// Whether it answers nothing, whatever is asked.
    pub(super) fn is_mute(self) -> bool {
        [self.zoom, self.log, self.others].iter().all(|names| *names == Names::Silent)
    }

    fn of(self, name: &str) -> Names {
        if !houses::is_zooms_name(name) {
            self.others
        } else if LOG_NAMES.contains(&name) {
            self.log
        } else {
            self.zoom
        }
    }
}

/// A resolver.
#[derive(Clone, Debug)]
pub(super) struct Resolver {
    zone: Arc<Zone>,
    manners: Manners,
}

impl Resolver {
    /// A resolver with such manners.
    pub(super) fn new(zone: Arc<Zone>, manners: Manners) -> Self {
        Self { zone, manners }
    }

    /// The answer to a query; `None` where it is no query, or is left unanswered.
    pub(super) fn answer(&self, query: &[u8]) -> Option<Vec<u8>> {
        let query = Message::from_vec(query).ok()?;
        if query.metadata.message_type != MessageType::Query || query.metadata.op_code != OpCode::Query {
            return None;
        }
        let question = query.queries.first()?;
        let name = question.name().to_ascii().trim_end_matches('.').to_ascii_lowercase();
        let (code, addresses) = match self.manners.of(&name) {
            Names::True => match self.zone.addresses(&name) {
                Some(addresses) => (ResponseCode::NoError, addresses.to_vec()),
                None => (ResponseCode::NXDomain, Vec::new()),
            },
            Names::Denied => (ResponseCode::NXDomain, Vec::new()),
            Names::BlockPage => (ResponseCode::NoError, vec![self.zone.block_page]),
            Names::Unspecified => (ResponseCode::NoError, vec![Ipv4Addr::UNSPECIFIED]),
            Names::Failing => (ResponseCode::ServFail, Vec::new()),
            Names::Silent => return None,
        };
        let mut answer = Message::response(query.metadata.id, OpCode::Query);
        answer.metadata.response_code = code;
        answer.metadata.recursion_desired = query.metadata.recursion_desired;
        answer.metadata.recursion_available = true;
        answer.metadata.checking_disabled = query.metadata.checking_disabled;
        answer.add_query(question.clone());
        if question.query_type() == RecordType::A {
            let record = |address| Record::from_rdata(question.name().clone(), TTL_S, RData::A(A(address)));
            answer.add_answers(addresses.into_iter().map(record));
        }
        answer.to_vec().ok()
    }

    /// Answers queries on a stream until it ends, as RFC 7766 has them framed.
    ///
    /// # Errors
    /// Those of the stream, and [`io::ErrorKind::TimedOut`] when the peer sends half a query.
    async fn converse<S>(&self, stream: &mut S) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        // RFC 7766, 6.2.3: an idle connection is closed after some seconds.
        while let Ok(length) = timeout(IDLE, stream.read_u16()).await {
            let mut query = vec![0; usize::from(length?).min(QUERY_BYTES)];
            within(stream.read_exact(&mut query)).await?;
            if let Some(answer) = self.answer(&query) {
                let length = u16::try_from(answer.len()).map_err(|_| io::ErrorKind::InvalidData)?;
                within(stream.write_all(&[&length.to_be_bytes(), &answer[..]].concat())).await?;
            }
        }
        within(stream.shutdown()).await
    }
}

impl Reply for Resolver {
    fn reply(&self, datagram: &[u8], _from: SocketAddr) -> Option<Vec<u8>> {
        self.answer(datagram)
    }
}

impl Serve for Resolver {
    fn serve(&self, mut stream: TcpStream) -> Pending<'_, ()> {
        Box::pin(async move {
            let _gone = self.converse(&mut stream).await;
        })
    }
}

/// The same resolver over TLS (RFC 7858).
pub(super) struct OverTls {
    /// The resolver.
    pub(super) resolver: Resolver,
    /// What it presents.
    pub(super) config: Arc<ServerConfig>,
}

impl Serve for OverTls {
    fn serve(&self, stream: TcpStream) -> Pending<'_, ()> {
        Box::pin(async move {
            if let Ok(mut tls) = within(handshake(stream, &self.config)).await {
                let _gone = self.resolver.converse(&mut tls).await;
            }
        })
    }
}

/// Names that ad blockers and privacy lists are after, and sign-in does without.
const LOG_NAMES: &[&str] = &["log.zoom.us", "log-gateway.zoom.us", "logfiles.zoom.us"];
/// Zoom's names were seen with 60 s (2022).
const TTL_S: u32 = 60;
const IDLE: Duration = Duration::from_secs(5);
/// No query for one name is longer: 12 bytes of header, 255 of name, 4 of type and class, and options.
pub(super) const QUERY_BYTES: usize = 1232;
