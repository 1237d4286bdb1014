//! Waits for several things of one probe at once, without starting tasks: what a probe does ends when the probe is dropped.

use std::future::poll_fn;
use std::task::Poll;

/// The next of these that is done; its future is removed, and the others keep their order: those that have not begun begin in it.
/// It never comes where there are none.
pub(crate) async fn first_of<F: Future + Unpin>(flying: &mut Vec<F>) -> F::Output {
    poll_fn(|cx| {
        let done = flying.iter_mut().enumerate().find_map(|(at, one)| match std::pin::Pin::new(one).poll(cx) {
            Poll::Ready(output) => Some((at, output)),
            Poll::Pending => None,
        });
        let Some((at, output)) = done else { return Poll::Pending };
        drop(flying.remove(at));
        Poll::Ready(output)
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[tokio::test]
    async fn what_is_done_at_its_first_poll_lets_no_later_one_begin_before_its_turn() {
        let order = RefCell::new(Vec::new());
        let begin = |nth| {
            let order = &order;
            Box::pin(async move { order.borrow_mut().push(nth) })
        };
        let mut flying: Vec<_> = (0..4).map(begin).collect();
        while !flying.is_empty() {
            first_of(&mut flying).await;
        }
        assert_eq!(*order.borrow(), [0, 1, 2, 3]);
    }
}
