//! Waits for several things of one look at once, without starting tasks: what a look does ends when the look is dropped.

use std::future::poll_fn;
use std::task::Poll;

/// The next of these that is done; its future is removed. It never comes where there are none.
pub(crate) async fn first_of<F: Future + Unpin>(flying: &mut Vec<F>) -> F::Output {
    poll_fn(|cx| {
        let done = flying.iter_mut().enumerate().find_map(|(at, one)| match std::pin::Pin::new(one).poll(cx) {
            Poll::Ready(output) => Some((at, output)),
            Poll::Pending => None,
        });
        let Some((at, output)) = done else { return Poll::Pending };
        drop(flying.swap_remove(at));
        Poll::Ready(output)
    })
    .await
}
