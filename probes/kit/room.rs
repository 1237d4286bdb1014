//! How much this process may hold at once.

/// Descriptors that this process may have, after its soft limit was raised to the hard one, as any process may.
#[cfg(target_os = "linux")]
pub(crate) fn descriptors() -> usize {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return USUAL };
    let limit = if setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() { hard } else { soft };
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// Descriptors that this process may have.
#[cfg(not(target_os = "linux"))]
pub(crate) fn descriptors() -> usize {
    USUAL
}

/// The least that systems allow a process.
const USUAL: usize = 256;
