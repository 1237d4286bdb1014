//! One round: how far packets to some targets come, of one transport after the other.
//!
//! TCP and UDP are asked apart: the ICMP errors that a router spends on the one, and a firewall keeps back, are not the other's.

use why5003_probes::model::Transport;

use super::super::reach::Reach;
use super::ask::{Asking, Wanted};
use super::ask_end::AskEnd;
use super::diverging::FindDivergingPaths;
use super::knowledge::{Knowledge, Turn};
use super::locate::Locate;
use super::pacing::{SPACING, TRIES};
use super::probe::Depth;
use super::silence::ConfirmSilence;

/// A round under way.
pub(super) enum Round {
    /// Without a common path, packets that go all the way may tell what somebody refuses.
    Refusals(Vec<u64>),
    /// Targets of each transport, the next ones last.
    Transports(Vec<OfTransport>),
}

impl Round {
    pub(super) fn new(known: &Knowledge<'_>, targets: Vec<u64>) -> Self {
        if known.path().end() == 0 {
            return Self::Refusals(targets);
        }
        let is_udp = |target: &u64| known.space.target(*target).is_some_and(|(_, of)| of == Transport::Udp);
        let (udp, tcp): (Vec<u64>, Vec<u64>) = targets.into_iter().partition(is_udp);
        let both = [(Transport::Udp, udp), (Transport::Tcp, tcp)].into_iter();
        let both = both.filter(|(_, targets)| !targets.is_empty());
        Self::Transports(both.map(|(transport, targets)| OfTransport::new(transport, targets)).collect())
    }

    pub(super) fn advance(&mut self, known: &mut Knowledge<'_>) -> Turn<()> {
        match self {
            Self::Refusals(targets) => {
                let answers = known.ask(|known| {
                    known.stage("asking for what is refused", targets.len());
                    Asking {
                        targets: targets.clone(),
                        depth: Depth::Whole,
                        wanted: Wanted::Refusal,
                        tries: TRIES,
                        until: known.of.until,
                        spacing: known.at_least(SPACING, 1),
                    }
                })?;
                known.note_all(answers.silent, Reach::Unknown);
            }
            Self::Transports(left) => {
                while let Some(of_transport) = left.last_mut() {
                    of_transport.advance(known)?;
                    left.pop();
                }
            }
        }
        Turn::Continue(())
    }
}

/// The targets of one transport in a round.
pub(super) struct OfTransport {
    transport: Transport,
    stage: Stage,
}

enum Stage {
    Begin(Vec<u64>),
    End(AskEnd),
    Silence(ConfirmSilence),
    Diverging(FindDivergingPaths),
    Locate(Locate),
}

impl OfTransport {
    fn new(transport: Transport, targets: Vec<u64>) -> Self {
        Self { transport, stage: Stage::Begin(targets) }
    }

    fn advance(&mut self, known: &mut Knowledge<'_>) -> Turn<()> {
        let transport = self.transport;
        loop {
            self.stage = match &mut self.stage {
                Stage::Begin(targets) => {
                    known.stage("asking the last router of the common path", targets.len());
                    Stage::End(AskEnd::new(transport, std::mem::take(targets), FIRST_TRIES))
                }
                Stage::End(end) => {
                    let silent = end.advance(known)?;
                    if silent.is_empty() {
                        return Turn::Continue(());
                    }
                    Stage::Silence(ConfirmSilence::new(transport, silent))
                }
                Stage::Silence(confirm) => match confirm.advance(known)? {
                    None => return Turn::Continue(()),
                    Some(silent) => Stage::Diverging(FindDivergingPaths::new(known, transport, silent)),
                },
                Stage::Diverging(find) => {
                    let silent = find.advance(known)?;
                    Stage::Locate(Locate::new(transport, silent))
                }
                Stage::Locate(locate) => return locate.advance(known),
            };
        }
    }
}

/// How often a target is asked before a neutral flow is asked beside it.
const FIRST_TRIES: u8 = 2;
