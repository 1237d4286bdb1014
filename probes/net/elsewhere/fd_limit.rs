//! How many descriptors this process may hold, where that is not read.

/// The least that systems allow a process.
pub(crate) fn descriptors() -> usize {
    256
}
