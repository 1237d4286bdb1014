//! What a broken stream says: an I/O error of a connection that stood, as [`How`] and the other side's words.
//!
//! It knows the errors of TCP and those that rustls wraps into them; it never judges who broke it.

use std::io;

use crate::model::{Failure, How, Stage};
use crate::wire::text::shown;

/// How a connection that stood broke, and its words where there are any.
///
/// EPIPE counts as a reset: the kernel says it once the RST has come.
pub(crate) fn broken(error: &io::Error) -> (How, Option<String>) {
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return tls_error(tls);
    }
    let how = match error.kind() {
        io::ErrorKind::UnexpectedEof => How::Closed,
        io::ErrorKind::TimedOut => How::Silent,
        io::ErrorKind::HostUnreachable => How::Unreachable,
        io::ErrorKind::NetworkUnreachable => How::NoRoute,
        io::ErrorKind::ConnectionRefused => How::Refused,
        io::ErrorKind::PermissionDenied => How::NotPermitted,
        io::ErrorKind::OutOfMemory => How::Exhausted,
        // A [`crate::net::counting_stream::Tap`] took as much as it was told to.
        io::ErrorKind::FileTooLarge => return (How::Malformed, Some("more bytes than anyone needs".to_owned())),
        io::ErrorKind::InvalidData => return (How::Malformed, Some(words(error))),
        // ECONNRESET, EPIPE, ECONNABORTED; whatever else the kernel may say of a stream ends it as abruptly.
        _ => How::Reset,
    };
    (how, None)
}

/// As [`broken`], as the failure of a look at this stage.
pub(crate) fn failure(stage: Stage, error: &io::Error) -> Failure {
    let (how, words) = broken(error);
    Failure::new(stage, how).saying_any(words)
}

/// What a TLS error says, where the connection itself stands.
pub(crate) fn tls_error(error: &rustls::Error) -> (How, Option<String>) {
    match error {
        rustls::Error::AlertReceived(alert) => (How::Alert, Some(alert_name(u8::from(*alert)))),
        // The peer speaks TLS and offers nothing in common: an old version, a group or suite that was not offered.
        rustls::Error::PeerIncompatible(_) => (How::Denied, Some(words(error))),
        _ => (How::Malformed, Some(words(error))),
    }
}

fn words(error: &impl ToString) -> String {
    shown(&error.to_string(), WORDS_CHARS)
}

/// The name of a TLS alert in RFC 8446, section 6, or in the RFC that IANA lists for it; `alert_N` where there is none.
pub(crate) fn alert_name(code: u8) -> String {
    let name = match code {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed",
        22 => "record_overflow",
        30 => "decompression_failure",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        60 => "export_restriction",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        109 => "missing_extension",
        110 => "unsupported_extension",
        111 => "certificate_unobtainable",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        114 => "bad_certificate_hash_value",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        121 => "ech_required",
        _ => return format!("alert_{code}"),
    };
    name.to_owned()
}

/// More than the longest sentence of rustls that tells something.
const WORDS_CHARS: usize = 160;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_inside_an_io_error_keeps_its_name_in_the_rfc() {
        let alert = rustls::Error::AlertReceived(rustls::AlertDescription::UnrecognisedName);
        let error = io::Error::new(io::ErrorKind::InvalidData, alert);
        assert_eq!(broken(&error), (How::Alert, Some("unrecognized_name".to_owned())));
    }

    #[test]
    fn a_reset_is_not_an_orderly_close() {
        assert_eq!(broken(&io::ErrorKind::ConnectionReset.into()), (How::Reset, None));
        assert_eq!(broken(&io::ErrorKind::UnexpectedEof.into()), (How::Closed, None));
    }
}
