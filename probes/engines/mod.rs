//! The engines of a sweep: they ask many addresses at once, a packet or two each, and tell what came.
//!
//! An engine sends what it is told when it is told; it keeps no pace, repeats nothing and judges nothing. What does not answer it
//! does not mention: whoever asked knows when the time is up.

mod connect;
mod datagrams;
mod engine;
mod flights;
mod response;
#[cfg(target_os = "linux")]
mod syn;

pub use connect::Connect;
pub use datagrams::Datagrams;
pub use engine::{Cost, Engine};
pub use response::{Response, Returned};
#[cfg(target_os = "linux")]
pub use syn::Syn;
