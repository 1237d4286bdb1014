//! SOCKS 5 (RFC 1928), with user and password (RFC 1929) where the user gave them.
//!
//! It reads exactly the bytes of each message, 262 at most, so that nothing of what follows is lost.

use std::io;
use std::net::IpAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::{Ask, GARBAGE, Tunnelled, ended, malformed};
use crate::model::{CannotProbe, Fact, Failure, How, Stage, Tunnel, micros};
use crate::net::Stream;
use crate::session::stream_error;
use crate::wire::text::shown_bytes;

/// Asks for the tunnel.
///
/// # Errors
/// [`CannotProbe::Io`] when host or credentials are too long for a SOCKS message.
pub(super) async fn ask(ask: &Ask<'_>, mut stream: Box<dyn Stream>) -> Result<Tunnelled, CannotProbe> {
    let messages = Messages::of(ask)?;
    let asked = ask.clock.elapsed();
    let answer = timeout(ask.wait, exchange(&messages, &mut stream)).await;
    let took_us = micros(ask.clock.elapsed().saturating_sub(asked));
    Ok(match answer {
        Ok(Ok(answer)) => {
            let (status, reason) = (answer.status(), answer.reason());
            let tunnel = Tunnel {
                status,
                reason: Some(reason.clone()),
                schemes: Vec::new(),
                error: None,
                server: None,
                took_us,
            };
            let facts = vec![Fact::Tunnel(tunnel)];
            if answer == Answer::Reply(GRANTED) {
                Tunnelled { facts, stream: Ok(stream) }
            } else {
                ended(stream, facts, Failure::new(Stage::Proxy, How::Denied).saying(reason))
            }
        }
        Ok(Err(Broken::Connection(error))) => ended(stream, Vec::new(), stream_error::failure(Stage::Proxy, &error)),
        Ok(Err(Broken::Protocol { read, why })) => {
            let text = shown_bytes(&read, GARBAGE);
            ended(stream, vec![Fact::Garbage { text }], malformed(why))
        }
        Err(_elapsed) => ended(stream, Vec::new(), Failure::new(Stage::Proxy, How::Silent).after(ask.wait)),
    })
}

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;
const GRANTED: u8 = 0;

/// What will be sent, made before anything is, so that it can't fail half-way.
struct Messages {
    greeting: Vec<u8>,
    password: Option<Vec<u8>>,
    request: Vec<u8>,
}

impl Messages {
    fn of(ask: &Ask<'_>) -> Result<Self, CannotProbe> {
        let too_long = |_| CannotProbe::Io {
            operation: "write a SOCKS request for this host and these credentials",
            source: io::Error::new(io::ErrorKind::InvalidInput, "longer than 255 bytes"),
        };
        let mut request = vec![VERSION, 1, 0];
        match ask.host.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => {
                request.push(1);
                request.extend(address.octets());
            }
            Ok(IpAddr::V6(address)) => {
                request.push(4);
                request.extend(address.octets());
            }
            Err(_) => {
                request.push(3);
                request.extend(counted(ask.host).map_err(too_long)?);
            }
        }
        request.extend(ask.port.to_be_bytes());
        let Some(credentials) = &ask.proxy.credentials else {
            return Ok(Self { greeting: vec![VERSION, 1, NO_AUTHENTICATION], password: None, request });
        };
        let (user, secret) = credentials.reveal().split_once(':').unwrap_or((credentials.reveal(), ""));
        let mut password = vec![1];
        password.extend(counted(user).map_err(too_long)?);
        password.extend(counted(secret).map_err(too_long)?);
        Ok(Self { greeting: vec![VERSION, 2, NO_AUTHENTICATION, PASSWORD], password: Some(password), request })
    }
}

fn counted(text: &str) -> Result<Vec<u8>, std::num::TryFromIntError> {
    let length = u8::try_from(text.len())?;
    Ok(std::iter::once(length).chain(text.bytes()).collect())
}

/// A proxy's final state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// RFC 1928, 3: none of the methods offered.
    NoMethod,
    /// RFC 1929, 2: user and password were not accepted.
    WrongPassword,
    /// RFC 1928, 6: the reply field.
    Reply(u8),
}

impl Answer {
    /// The HTTP status that says the same.
    fn status(self) -> u16 {
        match self {
            Self::NoMethod | Self::WrongPassword => 407,
            Self::Reply(GRANTED) => 200,
            Self::Reply(2) => 403,
            Self::Reply(3..=5) => 502,
            Self::Reply(_) => 500,
        }
    }

    fn reason(self) -> String {
        match self {
            Self::NoMethod => "no acceptable authentication method".to_owned(),
            Self::WrongPassword => "user name or password not accepted".to_owned(),
            Self::Reply(code) => match code {
                GRANTED => "succeeded".to_owned(),
                1 => "general SOCKS server failure".to_owned(),
                2 => "connection not allowed by ruleset".to_owned(),
                3 => "network unreachable".to_owned(),
                4 => "host unreachable".to_owned(),
                5 => "connection refused".to_owned(),
                6 => "TTL expired".to_owned(),
                7 => "command not supported".to_owned(),
                8 => "address type not supported".to_owned(),
                code => format!("SOCKS reply {code}"),
            },
        }
    }
}

enum Broken {
    Connection(io::Error),
    Protocol { read: Vec<u8>, why: &'static str },
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Connection(error)
    }
}

async fn exchange(messages: &Messages, stream: &mut Box<dyn Stream>) -> Result<Answer, Broken> {
    stream.write_all(&messages.greeting).await?;
    let [version, method] = read(stream).await?;
    match (version, method, &messages.password) {
        (VERSION, NO_AUTHENTICATION, _) => {}
        (VERSION, PASSWORD, Some(password)) => {
            stream.write_all(password).await?;
            match read(stream).await? {
                [1, GRANTED] => {}
                [1, _] => return Ok(Answer::WrongPassword),
                read => return Err(protocol(read, "no answer of RFC 1929")),
            }
        }
        (VERSION, NO_METHOD, _) => return Ok(Answer::NoMethod),
        (VERSION, _, _) => return Err(protocol([version, method], "an authentication method that was not offered")),
        _ => return Err(protocol([version, method], "no answer of SOCKS 5")),
    }
    stream.write_all(&messages.request).await?;
    let [version, reply] = read(stream).await?;
    if version != VERSION {
        return Err(protocol([version, reply], "no reply of SOCKS 5"));
    }
    // What follows a refusal is not needed, and some servers leave it out.
    if reply == GRANTED {
        skip_bound_address(stream).await?;
    }
    Ok(Answer::Reply(reply))
}

/// Reads the rest of a reply: the address and port that the proxy sends from, which nothing here needs.
async fn skip_bound_address(stream: &mut Box<dyn Stream>) -> Result<(), Broken> {
    let [reserved, kind] = read(stream).await?;
    let length = match kind {
        1 => 4,
        4 => 16,
        3 => {
            let [length] = read(stream).await?;
            usize::from(length)
        }
        _ => return Err(protocol([reserved, kind], "an unknown address type")),
    };
    let mut rest = vec![0; length + 2];
    stream.read_exact(&mut rest).await?;
    Ok(())
}

async fn read<const N: usize>(stream: &mut Box<dyn Stream>) -> Result<[u8; N], Broken> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

fn protocol<const N: usize>(read: [u8; N], why: &'static str) -> Broken {
    Broken::Protocol { read: read.to_vec(), why }
}
