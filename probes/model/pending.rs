//! The form in which the seams of this crate hand out what takes time.
//!
//! It names no runtime.

use std::future::Future;
use std::pin::Pin;

/// A future that can be kept and dropped at any time.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
