//! The two sets of root certificates a chain is held against: what the public trusts, and what this computer trusts.
//!
//! A verifier here tells what is wrong with a chain; it never decides whether a connection goes on.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, RootCertStore};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::CertificateFault;

/// The root certificates of a run.
#[derive(Clone, Debug)]
pub struct Trust {
    public: Arc<RootCertStore>,
    system: Option<Arc<RootCertStore>>,
}

impl Trust {
    /// These roots; `None` says that this computer's store could not be read.
    pub fn new(public: RootCertStore, system: Option<RootCertStore>) -> Self {
        Self { public: Arc::new(public), system: system.map(Arc::new) }
    }

    /// Mozilla's roots, or those of a PEM bundle in their place, and the roots of this computer's own store.
    ///
    /// Certificates of the system's store that can't serve as roots are left out, as every program does.
    ///
    /// # Errors
    /// [`LoadTrustError::Pem`], [`LoadTrustError::Torn`], [`LoadTrustError::Certificate`] or [`LoadTrustError::Empty`] when the bundle can't be
    /// used as it is.
    pub fn load(extra_public_pem: Option<&[u8]>) -> Result<Self, LoadTrustError> {
        let public = match extra_public_pem {
            Some(pem) => bundle(pem)?,
            None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        };
        Ok(Self::new(public, system_store()))
    }

    /// The roots that count as public.
    pub fn public(&self) -> Arc<RootCertStore> {
        Arc::clone(&self.public)
    }

    /// The roots of this computer's store, where it could be read.
    pub fn system(&self) -> Option<Arc<RootCertStore>> {
        self.system.clone()
    }
}

/// A PEM bundle can't serve as roots.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadTrustError {
    /// It is no PEM.
    #[error("read a PEM bundle of root certificates")]
    Pem(#[source] pem::Error),
    /// A section begins and does not end.
    #[error("find the end of a section in a bundle of root certificates")]
    Torn,
    /// One of its certificates can't be read.
    #[error("use certificate {number} of a bundle of root certificates")]
    Certificate {
        /// Its place in the bundle, from 1.
        number: usize,
        /// What is wrong with it.
        source: rustls::Error,
    },
    /// It holds no certificate.
    #[error("find a certificate in a bundle of root certificates")]
    Empty,
}

fn bundle(pem: &[u8]) -> Result<RootCertStore, LoadTrustError> {
    let mut roots = RootCertStore::empty();
    for (index, certificate) in CertificateDer::pem_slice_iter(pem).enumerate() {
        let certificate = certificate.map_err(|error| match error {
            // Its own text spells the marker in numbers.
            pem::Error::MissingSectionEnd { .. } => LoadTrustError::Torn,
            error => LoadTrustError::Pem(error),
        })?;
        roots.add(certificate).map_err(|source| LoadTrustError::Certificate { number: index + 1, source })?;
    }
    if roots.is_empty() { Err(LoadTrustError::Empty) } else { Ok(roots) }
}

fn system_store() -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let _counts = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Some(roots).filter(|roots| !roots.is_empty())
}

/// Holds a chain, the server's own certificate first, against roots for a name at a time since 1970.
///
/// Revocation is not looked up.
///
/// # Errors
/// The first fault that the verifier meets; [`CertificateFault::NoRoots`] when there is nothing to judge by.
pub fn verify(
    roots: Option<Arc<RootCertStore>>,
    chain: &[CertificateDer<'_>],
    name: &str,
    now: Duration,
) -> Result<(), CertificateFault> {
    let roots = roots.filter(|roots| !roots.is_empty()).ok_or(CertificateFault::NoRoots)?;
    let (own, others) = chain.split_first().ok_or(CertificateFault::Invalid)?;
    let name = ServerName::try_from(name).map_err(|_| CertificateFault::WrongName)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::clone(&roots), provider)
        .build()
        .map_err(|_| CertificateFault::NoRoots)?;
    match verifier.verify_server_cert(own, others, &name, &[], UnixTime::since_unix_epoch(now)) {
        Ok(_) => Ok(()),
        Err(error) => Err(fault(&error, own, &roots)),
    }
}

/// The middle of a certificate's validity, since 1970: a time at which its date is no fault.
pub fn within_its_time(own: &CertificateDer<'_>) -> Option<Duration> {
    let (_, read) = X509Certificate::from_der(own).ok()?;
    let (begins, ends) = (read.validity().not_before.timestamp(), read.validity().not_after.timestamp());
    let middle = begins.checked_add(ends.checked_sub(begins)? / 2)?;
    u64::try_from(middle).ok().map(Duration::from_secs)
}

fn fault(error: &rustls::Error, own: &CertificateDer<'_>, roots: &RootCertStore) -> CertificateFault {
    let rustls::Error::InvalidCertificate(error) = error else {
        return CertificateFault::Invalid;
    };
    match error {
        CertificateError::UnknownIssuer => CertificateFault::UnknownIssuer,
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertificateFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => CertificateFault::NotYetValid,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateFault::WrongName
        }
        CertificateError::Revoked => CertificateFault::Revoked,
        // webpki refuses an authority's certificate as a server's before it looks for the issuer. A gateway's
        // self-issued default certificate is first of all from nobody known.
        CertificateError::Other(_) if vouches_for_itself(own, roots) => CertificateFault::UnknownIssuer,
        _ => CertificateFault::Invalid,
    }
}

/// Whether a certificate names itself as issuer, and is none of the roots.
fn vouches_for_itself(own: &CertificateDer<'_>, roots: &RootCertStore) -> bool {
    X509Certificate::from_der(own).is_ok_and(|(_, read)| {
        let issuer = read.issuer().as_raw();
        issuer == read.subject().as_raw() && !roots.subjects().iter().any(|subject| subject.as_ref() == issuer)
    })
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

    use super::*;

    struct Authority {
        issuer: Issuer<'static, KeyPair>,
        der: CertificateDer<'static>,
        pem: String,
    }

    fn authority(name: &str) -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Authority { der: certificate.der().clone(), pem: certificate.pem(), issuer: Issuer::new(params, key) }
    }

    fn leaf(by: &Authority, name: &str) -> CertificateDer<'static> {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2027, 1, 1);
        params.signed_by(&KeyPair::generate().unwrap(), &by.issuer).unwrap().der().clone()
    }

    fn holding(authority: &Authority) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(authority.der.clone()).unwrap();
        roots
    }

    fn held(
        roots: RootCertStore,
        chain: &[CertificateDer<'_>],
        name: &str,
        now: Duration,
    ) -> Result<(), CertificateFault> {
        verify(Some(Arc::new(roots)), chain, name, now)
    }

    const JULY_2026: Duration = Duration::from_secs(1_782_864_000);
    const JULY_2025: Duration = Duration::from_secs(1_751_328_000);
    const JULY_2027: Duration = Duration::from_secs(1_814_400_000);

    #[test]
    fn a_chain_to_a_root_for_the_name_in_its_time_is_accepted() {
        let ours = authority("ours");
        assert_eq!(held(holding(&ours), &[leaf(&ours, "zoom.us")], "zoom.us", JULY_2026), Ok(()));
    }

    #[test]
    fn each_fault_has_its_own_name() {
        let (ours, theirs) = (authority("ours"), authority("theirs"));
        let chain = [leaf(&ours, "zoom.us")];
        let at = |roots, name, now| held(roots, &chain, name, now).unwrap_err();
        assert_eq!(at(holding(&theirs), "zoom.us", JULY_2026), CertificateFault::UnknownIssuer);
        assert_eq!(at(holding(&ours), "example.com", JULY_2026), CertificateFault::WrongName);
        assert_eq!(at(holding(&ours), "zoom.us", JULY_2027), CertificateFault::Expired);
        assert_eq!(at(holding(&ours), "zoom.us", JULY_2025), CertificateFault::NotYetValid);
        assert_eq!(at(RootCertStore::empty(), "zoom.us", JULY_2026), CertificateFault::NoRoots);
        assert_eq!(verify(None, &chain, "zoom.us", JULY_2026), Err(CertificateFault::NoRoots));
    }

    #[test]
    fn an_authority_that_serves_its_own_certificate_is_an_unknown_issuer() {
        let (ours, gateway) = (authority("ours"), authority("gateway"));
        let chain = [gateway.der.clone()];
        assert_eq!(held(holding(&ours), &chain, "zoom.us", JULY_2026), Err(CertificateFault::UnknownIssuer));
        assert_eq!(held(holding(&gateway), &chain, "zoom.us", JULY_2026), Err(CertificateFault::Invalid));
    }

    #[test]
    fn bytes_that_are_no_certificate_are_invalid() {
        let chain = [CertificateDer::from(vec![0x30, 0x03, 1, 2, 3])];
        assert_eq!(held(holding(&authority("ours")), &chain, "zoom.us", JULY_2026), Err(CertificateFault::Invalid));
        assert_eq!(held(holding(&authority("ours")), &[], "zoom.us", JULY_2026), Err(CertificateFault::Invalid));
    }

    #[test]
    fn a_bundle_takes_the_place_of_the_public_roots() {
        let ours = authority("ours");
        let trust = Trust::load(Some(ours.pem.as_bytes())).unwrap();
        assert_eq!(trust.public().roots, holding(&ours).roots);
        assert!(Trust::load(None).unwrap().public().len() > 50);
    }

    #[test]
    fn a_bundle_that_is_none_says_why() {
        let broken = "-----BEGIN CERTIFICATE-----\nMAMBAgM=\n-----END CERTIFICATE-----\n";
        assert!(matches!(Trust::load(Some(b"")), Err(LoadTrustError::Empty)));
        assert!(matches!(Trust::load(Some(broken.as_bytes())), Err(LoadTrustError::Certificate { number: 1, .. })));
    }
}
