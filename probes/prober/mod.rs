//! The seam between a probe kind and the rest: a constant record that describes it, and a trait of one method.
//!
//! It names no kind: [`crate::kinds`] lists them.

pub(crate) mod precondition;

use std::fmt;

use crate::model::{BadProbe, CannotProbe, Layer, Pending, Probe, ProbeName, Seen, Transport};
use crate::session::Means;

/// A probe kind, as a constant record.
#[derive(Clone, Copy)]
pub struct ProbeKind {
    /// Its name on the command line and in reports.
    pub name: ProbeName,
    /// What it looks at, in one sentence.
    pub summary: &'static str,
    /// The layer of the way that it looks at.
    pub layer: Layer,
    /// What it must be pointed at.
    pub subject: Subject,
    /// The port it goes to where a target names none; `None` where it needs none, or a given one.
    pub default_port: Option<(u16, Transport)>,
    /// Where its protocol or numbers are described.
    pub sources: &'static [&'static str],
    /// Turns a probe into a probe that is ready to go, or says why the probe makes no sense.
    pub prepare: fn(&Probe) -> Result<Box<dyn Prober>, BadProbe>,
}

impl fmt::Debug for ProbeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kind").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a probe kind must be pointed at, when it goes there directly.
///
/// Closed on purpose: whoever makes a probe from a command line knows every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// This computer, without a target of its own.
    ThisComputer,
    /// A name, which the probe asks for.
    Name,
    /// An address: a name is resolved before, and each address is a probe of its own.
    Address,
}

/// Looks once.
///
/// Safe to drop at any await: nothing is left behind but what the kernel cleans up.
pub trait Prober: Send + Sync {
    /// Runs the probe.
    ///
    /// # Errors
    /// [`CannotProbe`] when this computer could not probe at all; whatever the network did is in [`Seen`].
    fn probe<'a>(&'a self, means: &'a Means<'a>) -> Pending<'a, Result<Seen, CannotProbe>>;
}
