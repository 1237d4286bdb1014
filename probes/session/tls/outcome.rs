//! Puts the end of a handshake, good or bad, into the words of a probe.
//!
//! It looks at what came, never at what that means: a block page and a wrong port are both no TLS.

use std::time::Duration;

use rustls::{ClientConnection, NamedGroup, ProtocolVersion};

use super::{Ended, Progress, Wire};
use crate::model::{Fact, Failure, Handshake, How, IcmpError, IcmpMeaning, Stage, micros};
use crate::session::stream_error::{alert_name, broken};
use crate::wire::text::shown_bytes;

/// How a handshake ended short of its end, and what its bytes tell.
pub(crate) struct Told {
    pub(crate) facts: Vec<Fact>,
    pub(crate) failure: Failure,
}

/// What a finished handshake agreed on.
pub(crate) fn finished(session: &ClientConnection, took: Duration) -> Handshake {
    let cipher = session.negotiated_cipher_suite().map(|suite| suite.suite());
    Handshake {
        version: session.protocol_version().map(version).unwrap_or_default(),
        // rustls writes TLS13_ where the IANA registry writes TLS_.
        cipher: cipher.map(|cipher| format!("{cipher:?}").replacen("TLS13_", "TLS_", 1)).unwrap_or_default(),
        group: session.negotiated_key_exchange_group().map(|group| group_name(group.name())),
        alpn: session.alpn_protocol().map(|alpn| shown_bytes(alpn, ALPN_CHARS)),
        took_us: micros(took),
    }
}

fn version(version: ProtocolVersion) -> String {
    match version {
        ProtocolVersion::TLSv1_2 => "1.2".to_owned(),
        ProtocolVersion::TLSv1_3 => "1.3".to_owned(),
        unlisted => format!("{unlisted:?}"),
    }
}

/// The IANA registry writes this one in lower case, the others as rustls does.
fn group_name(group: NamedGroup) -> String {
    match group {
        NamedGroup::X25519 => "x25519".to_owned(),
        group => format!("{group:?}"),
    }
}

/// What came of a handshake that did not finish.
pub(crate) fn told(ended: &Ended, wire: &Wire, icmp: &[IcmpError], progress: Progress) -> Told {
    let stage = if wire.received() == 0 { Stage::Hello } else { Stage::Handshake };
    let first = wire.first();
    if is_no_tls(first) {
        let garbage = Fact::Garbage { text: shown_bytes(first, GARBAGE_CHARS) };
        return Told { facts: vec![garbage], failure: Failure::new(stage, How::Malformed) };
    }
    let (how, words) = match ended {
        Ended::Broken(error) => broken(error),
        Ended::Stalled => (How::Silent, None),
        Ended::Endless => (How::Silent, Some(format!("{} bytes came and no end", wire.received()))),
        Ended::Expired => (How::Expired, None),
    };
    let alert = match how {
        How::Alert => words.clone(),
        _ => plain_alert(first),
    };
    if let Some(name) = alert {
        let failure = Failure::new(stage, How::Alert).saying(name.clone());
        return Told { facts: vec![Fact::Alert { name }], failure };
    }
    let failure = Failure::new(stage, with_icmp(how, icmp));
    let failure = match ended {
        Ended::Stalled => failure.after(progress.wait),
        Ended::Endless => failure.after(progress.whole()),
        Ended::Broken(_) | Ended::Expired => failure,
    };
    let failure = failure.saying_any(words);
    Told { facts: Vec::new(), failure }
}

/// Whether the bytes can't begin a TLS record: content types 20 to 24, major version 3 (RFC 8446, section 5.1).
fn is_no_tls(first: &[u8]) -> bool {
    match first {
        [] => false,
        [kind] => !(20..=24).contains(kind),
        [kind, major, ..] => !(20..=24).contains(kind) || *major != 3,
    }
}

/// The alert that an unencrypted first record holds, also one that the protocol lets pass as a warning.
fn plain_alert(first: &[u8]) -> Option<String> {
    match first {
        [21, 3, _, 0, 2, _level, description, ..] => Some(alert_name(*description)),
        _ => None,
    }
}

/// Where a router said why nothing came, that says more than the silence.
fn with_icmp(how: How, icmp: &[IcmpError]) -> How {
    if !matches!(how, How::Silent | How::Unreachable) {
        return how;
    }
    let said = icmp.iter().rev().find_map(|error| match error.meaning {
        IcmpMeaning::TimeExceeded => Some(How::Expired),
        IcmpMeaning::Prohibited => Some(How::Prohibited),
        IcmpMeaning::NetworkUnreachable | IcmpMeaning::HostUnreachable => Some(How::Unreachable),
        IcmpMeaning::ProtocolUnreachable
        | IcmpMeaning::PortUnreachable
        | IcmpMeaning::PacketTooBig
        | IcmpMeaning::Unlisted => None,
    });
    said.unwrap_or(how)
}

/// As [`Fact::Garbage`] promises.
const GARBAGE_CHARS: usize = 120;
const ALPN_CHARS: usize = 40;
