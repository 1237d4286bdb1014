//! The two sets of root certificates a chain is held against (stand-in until the `tls` branch is merged).

use std::sync::Arc;

use rustls::RootCertStore;

/// Root certificates.
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

    /// The roots that count as public.
    pub fn public(&self) -> Arc<RootCertStore> {
        Arc::clone(&self.public)
    }

    /// The roots of this computer's store, where it could be read.
    pub fn system(&self) -> Option<Arc<RootCertStore>> {
        self.system.clone()
    }
}
