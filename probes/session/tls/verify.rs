//! Holds a certificate chain against a set of roots.
//!
//! It tells what is wrong with a chain; it never decides whether a connection goes on.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, RootCertStore};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::model::CertificateFault;

/// Holds a chain, the server's own certificate first, against roots for a name at a time since 1970.
///
/// Revocation is not looked up.
///
/// # Errors
/// The first fault that the verifier meets; [`CertificateFault::NoRoots`] when there is nothing to judge by.
pub(crate) fn verify(
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
pub(crate) fn within_its_time(own: &CertificateDer<'_>) -> Option<Duration> {
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
    use crate::os::{LoadTrustError, Trust};

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
