//! The two sets of root certificates a chain is held against: what the public trusts, and what this computer trusts.
//!
//! It loads them; what is wrong with a chain is told by `session::tls::verify`.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};

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
