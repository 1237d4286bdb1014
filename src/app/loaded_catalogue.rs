//! A catalogue, and where it came from.

use std::sync::Arc;

use crate::catalogue::Catalogue;
use crate::report::CatalogueStamp;

/// A catalogue, and where it came from.
#[derive(Clone, Debug)]
pub struct LoadedCatalogue {
    /// What is probed against.
    pub catalogue: Arc<Catalogue>,
    /// The name of its file, or `built in`.
    pub source: String,
}

impl LoadedCatalogue {
    /// The catalogue that is built into the program.
    pub fn built_in() -> Self {
        Self { catalogue: Arc::new(Catalogue::embedded()), source: "built in".to_owned() }
    }

    /// What a report says of it.
    pub(super) fn stamp(&self) -> CatalogueStamp {
        CatalogueStamp {
            revision: self.catalogue.revision.clone(),
            source: self.source.clone(),
            sha256: self.catalogue.sha256.clone(),
        }
    }
}
