//! One HTTP exchange on a connection that stands already (stand-in until the real one is merged).

use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::{Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::text::shown;
use super::{Clock, Failure, Fetch, How, Response, Stage};

/// A response with its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its head.
    pub response: Response,
    /// Its body.
    pub body: Vec<u8>,
}

/// Sends one request and reads the response.
///
/// # Errors
/// [`Failure`] when no response came.
pub async fn fetch<S>(
    stream: S,
    host: &str,
    fetch: &Fetch,
    clock: &dyn Clock,
    wait: Duration,
) -> Result<Fetched, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let began = clock.elapsed();
    let exchange = async {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let request = Request::get(&fetch.path).header("host", host).body(Empty::<Bytes>::new());
        let answer = async {
            let request = request.map_err(|_| None)?;
            let (head, body) = sender.send_request(request).await.map_err(Some)?.into_parts();
            let text = |name: &str| head.headers.get(name).map(|v| shown(&String::from_utf8_lossy(v.as_bytes()), 200));
            let response = Response {
                status: head.status.as_u16(),
                server: text("server"),
                via: text("via"),
                location: text("location"),
                content_type: text("content-type"),
                excerpt: None,
                date_s: None,
                clock_ahead_s: None,
                as_expected: None,
                took_us: u64::try_from(clock.elapsed().saturating_sub(began).as_micros()).unwrap_or(u64::MAX),
            };
            let body = Limited::new(body, 1 << 16).collect().await.map_err(|_| None)?;
            Ok::<_, Option<hyper::Error>>(Fetched { response, body: body.to_bytes().to_vec() })
        };
        let mut connection = std::pin::pin!(connection);
        let mut answer = std::pin::pin!(answer);
        tokio::select! {
            fetched = &mut answer => Ok::<_, hyper::Error>(fetched.ok()),
            ended = &mut connection => { ended?; Ok(answer.await.ok()) }
        }
    };
    match tokio::time::timeout(wait, exchange).await {
        Ok(Ok(Some(fetched))) => Ok(fetched),
        Ok(_) => Err(Failure::new(Stage::Http, How::Malformed)),
        Err(_) => Err(Failure::new(Stage::Http, How::Silent).after(wait)),
    }
}
