//! Where the program waits for what it began.

use std::future::Future;

use anyhow::Context;

/// Runs asynchronous work to its end, and leaves no thread behind that could hold the program up.
pub(super) fn block_on<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    let done = runtime.block_on(work);
    // A lookup that hangs in the system's library cannot be ended, only left.
    runtime.shutdown_background();
    Ok(done)
}
