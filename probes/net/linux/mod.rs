//! What only Linux does with sockets: its error queue, raw segments, "don't fragment", its errno names and limits.
//!
//! Each file has a namesake in `elsewhere`, with the same functions.

pub(crate) mod dont_fragment;
pub(crate) mod error_queue;
pub(crate) mod fd_limit;
pub(crate) mod segment_ttls;
pub(crate) mod system_errno;
