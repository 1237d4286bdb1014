//! The resolvers of a world over HTTPS (RFC 8484): one POST a connection, over HTTP/2.
//!
//! The connection is driven in place; nothing goes on after the server's future ends.

use std::io::{self, Cursor};
use std::sync::Arc;

use h2::RecvStream;
use h2::server::{Builder, SendResponse};
use http::{Method, Request, Response, StatusCode};
use rustls::ServerConfig;
use tokio::net::TcpStream;
use why5003_probes::model::Pending;

use super::dns::{QUERY_BYTES, Resolver};
use super::servers::Serve;
use super::tls::handshake;
use super::web::within;

/// A resolver over HTTPS.
pub(super) struct OverHttps {
    /// The resolver.
    pub(super) resolver: Resolver,
    /// What it presents; it must offer ALPN `h2`.
    pub(super) config: Arc<ServerConfig>,
}

impl Serve for OverHttps {
    fn serve(&self, stream: TcpStream) -> Pending<'_, ()> {
        Box::pin(async move {
            let _gone = self.converse(stream).await;
        })
    }
}

impl OverHttps {
    async fn converse(&self, stream: TcpStream) -> io::Result<()> {
        let tls = within(handshake(stream, &self.config)).await?;
        let accepting = async { Builder::new().handshake::<_, Cursor<Vec<u8>>>(tls).await.map_err(broken) };
        let mut connection = within(accepting).await?;
        let Some(asked) = within(async { Ok(connection.accept().await) }).await? else { return Ok(()) };
        let (request, response) = asked.map_err(broken)?;
        // The body arrives only while the connection is driven.
        tokio::select! {
            answered = within(self.exchange(request, response)) => answered?,
            _another = connection.accept() => {}
        }
        connection.graceful_shutdown();
        let flushed = async {
            // A connection that failed gives its error for ever.
            while let Some(Ok(_another)) = connection.accept().await {}
            Ok(())
        };
        within(flushed).await
    }

    async fn exchange(
        &self,
        request: Request<RecvStream>,
        mut response: SendResponse<Cursor<Vec<u8>>>,
    ) -> io::Result<()> {
        let answer = if request.method() == Method::POST {
            self.resolver.answer(&body(request.into_body()).await?)
        } else {
            None
        };
        let head = Response::builder().header("content-type", "application/dns-message");
        let Some(answer) = answer else {
            let head = head.status(StatusCode::BAD_REQUEST).body(()).map_err(io::Error::other)?;
            return response.send_response(head, true).map(drop).map_err(broken);
        };
        let head = head.header("content-length", answer.len()).body(()).map_err(io::Error::other)?;
        let mut sending = response.send_response(head, false).map_err(broken)?;
        sending.send_data(Cursor::new(answer), true).map_err(broken)
    }
}

async fn body(mut received: RecvStream) -> io::Result<Vec<u8>> {
    let mut query = Vec::new();
    while let Some(piece) = received.data().await {
        let piece = piece.map_err(broken)?;
        if query.len() + piece.len() > QUERY_BYTES {
            return Err(io::ErrorKind::InvalidData.into());
        }
        query.extend_from_slice(&piece);
    }
    Ok(query)
}

fn broken(error: h2::Error) -> io::Error {
    io::Error::other(error)
}
