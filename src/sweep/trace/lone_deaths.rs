//! Asks once more about targets that die though others of their pair pass: chance may have lost all their packets.

use why5003_probes::model::Transport;

use super::super::reach::Reach;
use super::ask_end::AskEnd;
use super::knowledge::{Knowledge, Turn};
use super::pacing::LOSSY_TRIES;

/// A few lone deaths, asked many times more.
pub(super) struct RetryLoneDeaths {
    /// One for each transport, the next one last.
    left: Vec<AskEnd>,
}

impl RetryLoneDeaths {
    pub(super) fn new(known: &mut Knowledge<'_>, deaths: &[u64]) -> Self {
        known.stage("asking again what dies beside others", deaths.len());
        known.of.asked_again = true;
        let left = [Transport::Udp, Transport::Tcp].map(|transport| {
            let of_transport = |target: &u64| known.space.target(*target).is_some_and(|(_, of)| of == transport);
            AskEnd::new(transport, deaths.iter().copied().filter(of_transport).collect(), LOSSY_TRIES)
        });
        Self { left: left.into() }
    }

    pub(super) fn advance(&mut self, known: &mut Knowledge<'_>) -> Turn<()> {
        while let Some(asking) = self.left.last_mut() {
            let silent = asking.advance(known)?;
            let heard = asking.targets().iter().filter(|target| !silent.contains(target));
            heard.for_each(|target| known.of.searches.forget(*target));
            self.left.pop();
        }
        Turn::Continue(())
    }
}

/// A few that die though others of their pair pass; none once they were asked again.
pub(super) fn lone_deaths(known: &Knowledge<'_>) -> Vec<u64> {
    if known.of.asked_again {
        return Vec::new();
    }
    let pairs = (0..known.space.pairs().len()).filter(|pair| known.is_of_family(*pair));
    let of_pair = |pair: usize| {
        let reaches: Vec<(u64, Reach)> = known.result.reaches.within(known.space.numbers(pair)).collect();
        let passes = reaches.iter().any(|(_, reach)| reach.passes() == Some(true));
        let deaths = reaches.into_iter().filter(|(_, reach)| matches!(reach, Reach::Dies { .. }));
        deaths.filter(move |_| passes).map(|(target, _)| target).take(OF_PAIR)
    };
    pairs.flat_map(of_pair).take(MOST).collect()
}

/// How many deaths are asked once more.
const MOST: usize = 16;
/// And of one pair.
const OF_PAIR: usize = 3;
