//! What several rules need: evidence weighed, counted and placed. It claims nothing.

pub(super) mod answers_early;
pub(super) mod chance;
pub(super) mod count_loss;
pub(super) mod limit;
pub(super) mod loss;
pub(super) mod media;
pub(super) mod place;
pub(super) mod place_of_hello;
pub(super) mod rate;
pub(super) mod reach;
pub(super) mod weigh;
