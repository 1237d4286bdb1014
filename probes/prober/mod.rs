//! The seam between a probe kind and the rest: a constant record that describes it, and a trait of one method.
//!
//! It names no kind: [`crate::KINDS`] lists them.

pub(crate) mod precondition;

use std::fmt;

use crate::model::{BadLook, CannotLook, Layer, Look, Pending, Seen};
use crate::session::Means;

/// A probe kind, as a constant record.
#[derive(Clone, Copy)]
pub struct Kind {
    /// Its name on the command line and in reports.
    pub name: &'static str,
    /// What it looks at, in one sentence.
    pub summary: &'static str,
    /// The layer of the way that it looks at.
    pub layer: Layer,
    /// Where its protocol or numbers are described.
    pub sources: &'static [&'static str],
    /// Turns a look into a probe that is ready to go, or says why the look makes no sense.
    pub prepare: fn(&Look) -> Result<Box<dyn Probe>, BadLook>,
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kind").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Looks once.
///
/// Safe to drop at any await: nothing is left behind but what the kernel cleans up.
pub trait Probe: Send + Sync {
    /// Takes the look.
    ///
    /// # Errors
    /// [`CannotLook`] when this computer could not look at all; whatever the network did is in [`Seen`].
    fn look<'a>(&'a self, means: &'a Means<'a>) -> Pending<'a, Result<Seen, CannotLook>>;
}
