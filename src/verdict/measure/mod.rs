//! What several rules need: evidence weighed, counted and located.

pub(super) mod attempts;
pub(super) mod black_hole;
pub(super) mod certificates;
pub(super) mod chance_of_loss;
pub(super) mod count_loss;
pub(super) mod coverage;
pub(super) mod failing_proxy;
pub(super) mod locate_flow;
pub(super) mod locate_hello;
pub(super) mod loss;
pub(super) mod media;
pub(super) mod names;
pub(super) mod passage;
pub(super) mod premature_answer;
pub(super) mod rate;
pub(super) mod rate_limit;
pub(super) mod resolvers;
pub(super) mod retransmissions;
pub(super) mod sign_in;
pub(super) mod zoom_side;
