//! Requests that follow each other on one connection that stands, and how far they were answered.
//!
//! It asks for heads alone, follows nothing, and takes no more of an answer than its limit.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use crate::model::{Failure, How, Stage};
use crate::session::http::USER_AGENT;
use crate::session::stream_error::broken;

/// How far a conversation came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptAlive {
    /// How many requests were answered.
    pub(crate) answered: u16,
    /// The other end said that it ends here (RFC 9112, section 9.6): nothing broke.
    pub(crate) dismissed: bool,
    /// How it broke off, if it did.
    pub(crate) failure: Option<Failure>,
}

/// Asks for the head of one page again and again, each time once the answer has come.
///
/// `host` and `path` must be fit for a request, see [`crate::session::http::can_be_sent`]. Each answer is waited for as long as
/// `wait`.
pub(crate) async fn keep_alive<S>(stream: &mut S, host: &str, path: &str, wanted: u16, wait: Duration) -> KeptAlive
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let request = format!("HEAD {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {USER_AGENT}\r\nAccept: */*\r\n\r\n");
    let mut come = KeptAlive { answered: 0, dismissed: false, failure: None };
    while come.answered < wanted && !come.dismissed {
        let asked = timeout_at(Instant::now() + wait, ask(stream, request.as_bytes())).await;
        let stage = if come.answered == 0 { Stage::Http } else { Stage::Data };
        match asked {
            Ok(Ok(head)) => {
                come.answered += 1;
                come.dismissed = says_close(&head);
            }
            Ok(Err(failure)) => {
                come.failure = Some(Failure { stage, ..failure });
                return come;
            }
            Err(_elapsed) => {
                come.failure = Some(Failure::new(stage, How::Silent).after(wait));
                return come;
            }
        }
    }
    come
}

/// One request, and the head of its answer.
async fn ask<S>(stream: &mut S, request: &[u8]) -> Result<Vec<u8>, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let broke = |error: &std::io::Error| {
        let (how, words) = broken(error);
        Failure::new(Stage::Http, how).saying_any(words)
    };
    stream.write_all(request).await.map_err(|error| broke(&error))?;
    stream.flush().await.map_err(|error| broke(&error))?;
    let mut head = Vec::new();
    loop {
        // A byte at a time of what TLS has decrypted already: nothing beyond this answer is taken.
        let byte = stream.read_u8().await.map_err(|error| broke(&error))?;
        head.push(byte);
        if head.ends_with(b"\r\n\r\n") {
            break;
        }
        if head.len() > HEAD_BYTES {
            return Err(Failure::new(Stage::Http, How::Malformed).saying("a head without an end"));
        }
    }
    if head.starts_with(b"HTTP/1.") { Ok(head) } else { Err(Failure::new(Stage::Http, How::Malformed)) }
}

/// Whether a head says that the connection ends with it, in any case.
fn says_close(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let mut fields = text.lines().filter_map(|line| line.split_once(':'));
    text.starts_with("http/1.0") || fields.any(|(name, value)| name == "connection" && value.contains("close"))
}

/// As much as one exchange of `http` takes.
const HEAD_BYTES: usize = 32 * 1024;

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    const WAIT: Duration = Duration::from_millis(200);

    /// What comes of ten requests to a server that answers so many, with this head, and then keeps still.
    async fn with(answers: usize, head: &[u8]) -> KeptAlive {
        let (mut near, mut far) = duplex(64 * 1024);
        let serve = async {
            let mut bytes = [0; 1024];
            for nth in 0.. {
                if far.read(&mut bytes).await.unwrap_or(0) == 0 {
                    return;
                }
                if nth < answers {
                    far.write_all(head).await.unwrap();
                }
            }
        };
        tokio::select! {
            come = keep_alive(&mut near, "zoom.us", "/", 10, WAIT) => come,
            () = serve => panic!("the server ended first"),
        }
    }

    #[tokio::test]
    async fn a_patient_server_is_asked_to_the_end() {
        let come = with(10, b"HTTP/1.1 301 Moved\r\nContent-Length: 17\r\n\r\n").await;
        assert_eq!(come, KeptAlive { answered: 10, dismissed: false, failure: None });
    }

    #[tokio::test]
    async fn silence_after_a_few_answers_is_of_the_data_stage() {
        let come = with(3, b"HTTP/1.1 200 OK\r\n\r\n").await;
        let failure = come.failure.unwrap();
        assert_eq!((come.answered, failure.stage, failure.how), (3, Stage::Data, How::Silent));
    }

    #[tokio::test]
    async fn a_server_that_says_goodbye_did_not_break_off() {
        let come = with(10, b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").await;
        assert_eq!(come, KeptAlive { answered: 1, dismissed: true, failure: None });
    }
}
