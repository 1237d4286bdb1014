//! The two sets of root certificates a chain is held against. (to be written: struct Trust)

/// Root certificates.
#[derive(Debug)]
pub struct Trust {}
