//! Reads a certificate as far as a verdict needs it.
//!
//! It never judges; what can't be read is kept with its fingerprint alone.

use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Name};
use x509_parser::x509::AttributeTypeAndValue;

use super::text::{shown, shown_bytes};
use crate::model::Certificate;

/// What stands in a certificate, escaped and cut.
pub(crate) fn certificate(der: &CertificateDer<'_>) -> Certificate {
    let sha256 = hexadecimal(&Sha256::digest(der));
    let Ok((_, read)) = X509Certificate::from_der(der) else {
        return unreadable(sha256);
    };
    Certificate {
        subject: distinguished(read.subject()),
        issuer: distinguished(read.issuer()),
        issuer_name: issuer_name(read.issuer()),
        names: dns_names(&read),
        not_before_s: read.validity().not_before.timestamp(),
        not_after_s: read.validity().not_after.timestamp(),
        sha256,
        self_issued: read.subject().as_raw() == read.issuer().as_raw(),
    }
}

fn unreadable(sha256: String) -> Certificate {
    Certificate {
        subject: "(unreadable)".to_owned(),
        issuer: "(unreadable)".to_owned(),
        issuer_name: None,
        names: Vec::new(),
        not_before_s: 0,
        not_after_s: 0,
        sha256,
        self_issued: false,
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// RFC 4514, section 2.1: the last part first.
fn distinguished(name: &X509Name<'_>) -> String {
    let mut parts: Vec<String> = name.iter_attributes().take(PARTS).map(part).collect();
    parts.reverse();
    shown(&parts.join(","), NAME_CHARS)
}

fn part(attribute: &AttributeTypeAndValue<'_>) -> String {
    let oid = attribute.attr_type().to_id_string();
    let key = KEYS.iter().find(|(of, _)| *of == oid).map_or(oid.as_str(), |(_, key)| key);
    format!("{key}={}", escaped(&value(attribute)))
}

fn value(attribute: &AttributeTypeAndValue<'_>) -> String {
    match attribute.as_str() {
        Ok(text) => shown(text, VALUE_CHARS),
        Err(_) => shown_bytes(attribute.as_slice(), VALUE_CHARS),
    }
}

/// RFC 4514, section 2.4, as far as it is needed to tell the parts apart.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, ',' | '+' | '"' | ';' | '<' | '>') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn issuer_name(issuer: &X509Name<'_>) -> Option<String> {
    let filled = |text: String| Some(text).filter(|text| !text.trim().is_empty());
    let organisation = issuer.iter_organization().map(value).find_map(filled);
    organisation.or_else(|| issuer.iter_common_name().map(value).find_map(filled))
}

fn dns_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let dns = names.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(shown(name, DNS_CHARS)),
        _ => None,
    });
    dns.take(NAMES).collect()
}

/// RFC 4514, section 3.
const KEYS: &[(&str, &str)] = &[
    ("2.5.4.3", "CN"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.6", "C"),
    ("2.5.4.9", "STREET"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("0.9.2342.19200300.100.1.1", "UID"),
];

/// More parts than any name of a real authority has.
const PARTS: usize = 20;
const VALUE_CHARS: usize = 120;
const NAME_CHARS: usize = 300;
/// RFC 1035, section 2.3.4.
const DNS_CHARS: usize = 253;
/// As [`Certificate`] promises.
const NAMES: usize = 20;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DnType, KeyPair};

    use super::*;

    fn made(fill: impl FnOnce(&mut CertificateParams)) -> Certificate {
        let mut params = CertificateParams::new(vec!["zoom.us".to_owned(), "192.0.2.1".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2027, 1, 1);
        params.distinguished_name = rcgen::DistinguishedName::new();
        fill(&mut params);
        certificate(params.self_signed(&KeyPair::generate().unwrap()).unwrap().der())
    }

    #[test]
    fn what_a_verdict_needs_is_read() {
        let read = made(|params| {
            params.distinguished_name.push(DnType::CountryName, "US");
            params.distinguished_name.push(DnType::OrganizationName, "Zscaler, Inc.");
            params.distinguished_name.push(DnType::CommonName, "gate");
        });
        let expected = Certificate {
            subject: r"CN=gate,O=Zscaler\, Inc.,C=US".to_owned(),
            issuer: r"CN=gate,O=Zscaler\, Inc.,C=US".to_owned(),
            issuer_name: Some("Zscaler, Inc.".to_owned()),
            names: vec!["zoom.us".to_owned()],
            not_before_s: 1_767_225_600,
            not_after_s: 1_798_761_600,
            sha256: read.sha256.clone(),
            self_issued: true,
        };
        assert_eq!((read.sha256.len(), read), (64, expected));
    }

    #[test]
    fn an_escape_sequence_in_a_name_does_not_reach_the_terminal() {
        let read = made(|params| params.distinguished_name.push(DnType::CommonName, "x\x1b[2J\u{202e}y"));
        assert_eq!(read.subject, r"CN=x\u{1b}[2J\u{202e}y");
        assert_eq!(read.issuer_name.as_deref(), Some(r"x\u{1b}[2J\u{202e}y"));
    }

    proptest! {
        #[test]
        fn bytes_that_are_no_certificate_are_kept_by_fingerprint(bytes: Vec<u8>) {
            let read = certificate(&CertificateDer::from(bytes));
            prop_assert_eq!((read.subject.as_str(), read.sha256.len()), ("(unreadable)", 64));
        }

        #[test]
        fn a_damaged_certificate_never_makes_it_panic(at in 0usize..300, byte: u8) {
            let key = KeyPair::generate().unwrap();
            let mut der = CertificateParams::new(vec!["zoom.us".to_owned()]).unwrap().self_signed(&key).unwrap().der().to_vec();
            if let Some(slot) = der.get_mut(at) {
                *slot = byte;
            }
            let _any = certificate(&CertificateDer::from(der));
        }
    }
}
