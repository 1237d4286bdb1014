//! Systems other than Linux, as far as the standard library reaches. What they do not offer is said, never left out.
//!
//! Each file has a namesake in `linux`, with the same functions.

#![cfg_attr(target_os = "linux", expect(dead_code, reason = "compiled on Linux for its tests alone"))]

pub(crate) mod dont_fragment;
pub(crate) mod error_queue;
pub(crate) mod fd_limit;
pub(crate) mod segment_ttls;
pub(crate) mod system_errno;
