//! The certificate authorities of a world, and the chains that its servers present.
//!
//! Keys are made anew for each world and never written down.

use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig};

use super::error::DemoError;
use super::layout::{Chain, Store};

/// The authorities of a world.
pub(super) struct Authorities {
    public: Authority,
    inspection: Authority,
}

type Authority = CertifiedIssuer<'static, KeyPair>;

impl Authorities {
    /// Makes their keys and root certificates.
    ///
    /// # Errors
    /// [`DemoError::Certificate`] when the crypto library refuses.
    pub(super) fn found() -> Result<Self, DemoError> {
        let public = authority("Demo Trust Services", "Demo Public Root")?;
        let inspection = authority("Example Corp", "Example Corp Inspection CA")?;
        Ok(Self { public, inspection })
    }

    /// What counts as the public roots.
    ///
    /// # Errors
    /// [`DemoError::Tls`] when the root is refused.
    pub(super) fn public_roots(&self) -> Result<RootCertStore, DemoError> {
        roots([&self.public])
    }

    /// What the store of this computer holds.
    ///
    /// # Errors
    /// As above.
    pub(super) fn system_store(&self, store: Store) -> Result<RootCertStore, DemoError> {
        match store {
            Store::Public => roots([&self.public]),
            Store::WithInspection => roots([&self.public, &self.inspection]),
        }
    }

    /// A server that presents such a chain for these names and addresses; without ALPN where none is named.
    ///
    /// # Errors
    /// [`DemoError::Certificate`] or [`DemoError::Tls`] when a crypto library refuses.
    pub(super) fn server(&self, chain: Chain, holder: &Holder, alpn: &[&str]) -> Result<Arc<ServerConfig>, DemoError> {
        let key = KeyPair::generate()?;
        let (issuer, days) = match chain {
            Chain::Public => (Some(&self.public), VALID),
            Chain::Expired => (Some(&self.public), OVER),
            Chain::Inspected => (Some(&self.inspection), VALID),
            Chain::SelfSigned => (None, VALID),
        };
        let params = leaf(holder, days)?;
        let certificates: Vec<CertificateDer<'static>> = match issuer {
            Some(issuer) => vec![params.signed_by(&key, issuer)?.into(), issuer.der().clone()],
            None => vec![params.self_signed(&key)?.into()],
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(certificates, PrivatePkcs8KeyDer::from(key.serialize_der()).into())?;
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Ok(Arc::new(config))
    }
}

/// Whom a certificate is for.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    /// Organisation.
    pub(super) organisation: &'static str,
    /// DNS names, the first is the common name too.
    pub(super) names: Vec<String>,
    /// Addresses.
    pub(super) addresses: Vec<Ipv4Addr>,
}

fn authority(organisation: &str, name: &str) -> Result<Authority, DemoError> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name = distinguished(organisation, name);
    validity(&mut params, ROOT);
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

fn leaf(holder: &Holder, days: Days) -> Result<CertificateParams, DemoError> {
    let addresses = holder.addresses.iter().map(Ipv4Addr::to_string);
    let mut params = CertificateParams::new(holder.names.iter().cloned().chain(addresses).collect::<Vec<_>>())?;
    let name = holder.names.first().map_or(holder.organisation, String::as_str);
    params.distinguished_name = distinguished(holder.organisation, name);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    validity(&mut params, days);
    Ok(params)
}

fn distinguished(organisation: &str, name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::OrganizationName, organisation);
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn roots<const N: usize>(authorities: [&Authority; N]) -> Result<RootCertStore, DemoError> {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(authority.der().clone())?;
    }
    Ok(roots)
}

/// Sets the days between which a certificate is valid, counted from today (UTC).
fn validity(params: &mut CertificateParams, (from, to): Days) {
    let today = Offset::UTC.to_datetime(Timestamp::now()).date();
    let midnight = |days: i32| {
        let date = today.saturating_add(days.days());
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        rcgen::date_time_ymd(i32::from(date.year()), month, day)
    };
    (params.not_before, params.not_after) = (midnight(from), midnight(to));
}

/// First and last day, counted from today.
type Days = (i32, i32);

/// As public authorities issue since 2020: less than 398 days in all (CA/Browser Forum ballot SC31).
const VALID: Days = (-30, 60);
/// Ended ten days ago.
const OVER: Days = (-100, -10);
const ROOT: Days = (-3650, 3650);
