//! What a TLS handshake showed: its parameters, the certificates, and what roots say of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_false;

/// A finished TLS handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Handshake {
    /// `1.2` or `1.3`.
    pub version: String,
    /// The cipher suite's IANA name.
    pub cipher: String,
    /// The key exchange group's IANA name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The application protocol agreed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
    /// From the ClientHello to the end, in microseconds.
    pub took_us: u64,
}

/// A certificate, as far as a verdict needs it. All text is the certificate's own, escaped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Certificate {
    /// Subject, RFC 4514.
    pub subject: String,
    /// Issuer, RFC 4514.
    pub issuer: String,
    /// The issuer's organisation, or else its common name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_name: Option<String>,
    /// The DNS names it is for; twenty at most are kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Start of validity, seconds since 1970.
    pub not_before_s: i64,
    /// End of validity, seconds since 1970.
    pub not_after_s: i64,
    /// SHA-256 of the certificate, hexadecimal.
    pub sha256: String,
    /// Subject and issuer are the same.
    #[serde(default, skip_serializing_if = "is_false")]
    pub self_issued: bool,
}

/// A set of root certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Roots {
    /// Mozilla's, or those of `--roots`.
    Public,
    /// This computer's own store.
    System,
}

/// Why a chain was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CertificateFault {
    /// It leads to none of the roots.
    UnknownIssuer,
    /// It is for other names.
    WrongName,
    /// Its time is over.
    Expired,
    /// Its time has not begun.
    NotYetValid,
    /// It is revoked.
    Revoked,
    /// A signature or the encoding is wrong, or it may not be used so.
    Invalid,
    /// There are no roots to judge by.
    NoRoots,
}
