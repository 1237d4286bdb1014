//! The two sets of root certificates a chain is held against.
//!
//! It only holds them; which chain is held against which set is the probe's work.

use std::sync::Arc;

use rustls::RootCertStore;

/// Root certificates: those that count as public, and those of the system's store.
#[derive(Clone, Debug)]
pub struct Trust {
    public: Arc<RootCertStore>,
    system: Option<Arc<RootCertStore>>,
}

impl Trust {
    /// Both sets; `None` where the system's store could not be read.
    pub fn new(public: RootCertStore, system: Option<RootCertStore>) -> Self {
        Self { public: Arc::new(public), system: system.map(Arc::new) }
    }

    /// The public roots.
    pub fn public(&self) -> Arc<RootCertStore> {
        Arc::clone(&self.public)
    }

    /// The roots of the system's store, where it could be read.
    pub fn system(&self) -> Option<Arc<RootCertStore>> {
        self.system.clone()
    }
}
