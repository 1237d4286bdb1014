//! How many descriptors this process may hold.
//!
//! It raises the soft limit to the hard one, as any process may, and goes no further.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Descriptors that this process may have, after its soft limit was raised to the hard one.
pub(crate) fn descriptors() -> usize {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return USUAL };
    let limit = if setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() { hard } else { soft };
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// The least that systems allow a process.
const USUAL: usize = 256;
