//! Waits until a way is quiet: a queue that earlier probes filled would else be measured as the way's own delay and loss.

use std::time::Duration;

use super::Means;
use crate::model::CannotProbe;
use crate::net::{Dial, Outcome};

/// Dials until a connection stands at once, or two in a row take about equally long; twice at most.
///
/// # Errors
/// As [`crate::net::Network::dial`].
pub(crate) async fn wait_until_quiet(means: &Means<'_>, dial: &Dial) -> Result<(), CannotProbe> {
    let mut before = None;
    for _ in 0..DIALS {
        let dialled = means.network.dial(dial.clone()).await?;
        let took = match dialled.outcome {
            Outcome::Connected(_) | Outcome::Failed(crate::model::How::Refused | crate::model::How::Reset, _) => {
                Some(dialled.took)
            }
            Outcome::Failed(..) => None,
        };
        match (before, took) {
            (_, Some(took)) if took < ABOUT => break,
            (Some(before), Some(took)) if took.abs_diff(before) < ABOUT => break,
            _ => before = took,
        }
    }
    Ok(())
}

const DIALS: u8 = 2;
const ABOUT: Duration = Duration::from_millis(250);
