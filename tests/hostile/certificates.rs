//! A server's certificates: harmless ones, and those whose names mean harm.

use std::sync::Arc;

use rcgen::string::Ia5String;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair, SanType};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use crate::harm::STEERS;

/// What a server presents, and who vouches for it.
pub(crate) struct Server {
    /// Its protocols and its chain.
    pub(crate) config: Arc<ServerConfig>,
    /// The root of that chain.
    pub(crate) root: CertificateDer<'static>,
}

/// A server of this name that offers these protocols.
pub(crate) fn plain(name: &str, protocols: &[&str]) -> Server {
    server("Authority", name, 1, protocols)
}

/// A server whose certificate and issuer have names that steer a terminal.
pub(crate) fn steering() -> Server {
    server(STEERS, &format!("{}.zoom.us", STEERS.replace(|c: char| !c.is_ascii(), "")), 1, &[])
}

/// A server that sends its issuer's certificate this often.
pub(crate) fn long_chain(length: usize) -> Server {
    server("Authority", "zoom.us", length, &[])
}

fn server(issuer: &str, name: &str, issuers: usize, protocols: &[&str]) -> Server {
    let mut authority = named(issuer);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut leaf = named(name);
    leaf.subject_alt_names = vec![SanType::DnsName(Ia5String::try_from(name).unwrap())];
    let leaf = leaf.signed_by(&key, &authority).unwrap();
    let mut chain: Vec<CertificateDer<'static>> = vec![leaf.der().clone()];
    chain.extend((0..issuers).map(|_| authority.der().clone()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Server { config: Arc::new(config), root: authority.der().clone() }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    for kind in [DnType::CommonName, DnType::OrganizationName, DnType::OrganizationalUnitName] {
        params.distinguished_name.push(kind, name);
    }
    params
}
