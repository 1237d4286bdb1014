//! A TLS handshake only as far as the server's first flight: the large packets of both directions that a path must carry.
//!
//! It accepts every certificate, since it looks at the path and not at the server, and sends no application data.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Error};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use crate::model::{CannotProbe, Failure, How, Stage};
use crate::net::Stream;
use crate::session::stream_error;
use crate::session::tls::Recorder;

/// Sends a large ClientHello (post-quantum key share) and waits until the server's certificates are there.
///
/// The inner `Err` is how it ended before that; silence is [`How::Silent`], at [`Stage::Hello`] when not one byte came.
///
/// # Errors
/// [`CannotProbe`] when the TLS library refuses its own configuration.
pub(crate) async fn first_flight(
    stream: &mut dyn Stream,
    name: ServerName<'static>,
    wait: Duration,
) -> Result<Result<(), Failure>, CannotProbe> {
    let deadline = Instant::now() + wait;
    let mut tls = client(name)
        .map_err(|error| CannotProbe::Io { operation: "begin a TLS handshake", source: io::Error::other(error) })?;
    let silent = |stage| Failure::new(stage, How::Silent).after(wait);
    let mut stage = Stage::Hello;
    let mut bytes = [0; 4096];
    for _ in 0..MOST_READS {
        let mut out = Vec::new();
        while tls.wants_write() {
            if tls.write_tls(&mut out).is_err() {
                break;
            }
        }
        match timeout_at(deadline, stream.write_all(&out)).await {
            Err(_) => return Ok(Err(silent(stage))),
            Ok(Err(error)) => return Ok(Err(stream_error::failure(stage, &error))),
            Ok(Ok(())) => {}
        }
        let length = match timeout_at(deadline, stream.read(&mut bytes)).await {
            Err(_) => return Ok(Err(silent(stage))),
            Ok(Err(error)) => return Ok(Err(stream_error::failure(stage, &error))),
            Ok(Ok(0)) => return Ok(Err(Failure::new(stage, How::Closed))),
            Ok(Ok(length)) => length,
        };
        stage = Stage::Handshake;
        let mut heard = bytes.get(..length).unwrap_or_default();
        while !heard.is_empty() {
            let read = tls.read_tls(&mut heard).map_err(|error| Error::General(error.to_string()));
            if let Err(error) = read.and_then(|_| tls.process_new_packets()) {
                let (how, words) = stream_error::tls_error(&error);
                return Ok(Err(Failure::new(Stage::Handshake, how).saying_any(words)));
            }
            if tls.peer_certificates().is_some() || !tls.is_handshaking() {
                return Ok(Ok(()));
            }
        }
    }
    Ok(Err(Failure::new(stage, How::Malformed).saying("more than a handshake holds")))
}

fn client(name: ServerName<'static>) -> Result<ClientConnection, Error> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Recorder::new())
        .with_no_client_auth();
    // A resumed session would send no certificates.
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    ClientConnection::new(Arc::new(config), name)
}

/// Reads of up to 4 kB each; a first flight is 3 to 6 kB, in segments of 1.2 kB at least.
const MOST_READS: u8 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hello_fills_more_than_one_segment_of_an_ethernet() {
        let mut tls = client("zoom.us".try_into().unwrap()).unwrap();
        let mut hello = Vec::new();
        tls.write_tls(&mut hello).unwrap();
        assert!(hello.len() > 1460, "{} bytes", hello.len());
    }
}
