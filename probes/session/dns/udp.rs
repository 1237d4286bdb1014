//! One DNS question to one server by UDP: tries and their ids, what answers them and what does not, ICMP.
//!
//! It believes silence only after all its tries, and takes nothing for an answer that doesn't carry a try's id.

use std::time::Duration;

use super::stream::{Asking, by_tcp, garbage};
use crate::model::{CannotProbe, Fact, Failure, How, IcmpError, Settings, Stage, micros};
use crate::net::{Datagram, DatagramOptions, Heard};
use crate::wire::dns::Reading;

/// Asks by UDP, and once more by TCP where the answer was truncated. Every failure is of [`Stage::Resolve`].
///
/// # Errors
/// [`CannotProbe`] when no socket could be made.
pub(crate) async fn by_udp(asking: Asking<'_>, facts: &mut Vec<Fact>) -> Result<Option<Failure>, CannotProbe> {
    let options = DatagramOptions { ttl: asking.settings.ttl, source: asking.settings.source, dont_fragment: false };
    let socket = asking.means.network.datagram(asking.server, options).await?;
    let mut talk = Talk { asking, socket, sent: Vec::new(), answered: 0, strangers: 0, facts };
    let first = match talk.ask().await {
        Ok(first) => first,
        Err(failure) => return Ok(Some(failure)),
    };
    if !first.truncated {
        return Ok(first.failure());
    }
    drop(talk);
    let failure = by_tcp(asking, facts).await?;
    Ok(failure.map(after_truncation))
}

/// Says that TCP failed after the server asked for it; a server that answered there and said no needs no such words.
fn after_truncation(failure: Failure) -> Failure {
    match (failure.how, &failure.detail) {
        (How::Denied | How::NotFound, _) => failure,
        (_, Some(words)) => Failure { detail: Some(format!("{AFTER_TRUNCATION}: {words}")), ..failure },
        (_, None) => failure.saying(AFTER_TRUNCATION),
    }
}

/// One question by UDP, its repetitions and what came back.
struct Talk<'a, 'f> {
    asking: Asking<'a>,
    socket: Box<dyn Datagram>,
    /// Every try has an id of its own, so that an answer tells which try it answers.
    sent: Vec<(u16, Duration)>,
    answered: u16,
    /// Datagrams that answer none of them.
    strangers: usize,
    facts: &'f mut Vec<Fact>,
}

impl Talk<'_, '_> {
    /// Asks until the first answer, tells it, and listens for a second one if the probe wants that.
    ///
    /// The last of several tries goes without EDNS, and so does the next one after an answer that can't bear it; that
    /// answer is told only where no better one comes.
    async fn ask(&mut self) -> Result<Reading, Failure> {
        let (mut plain, mut refusal) = (false, None);
        let mut waits = waits(self.asking.settings).peekable();
        while let Some(wait) = waits.next() {
            let last = waits.peek().is_none();
            plain |= last && !self.sent.is_empty();
            let question = self.asking.question;
            let query = if plain { question.plain_query() } else { question.query() };
            self.sent.push((query.id, self.now()));
            if let Err(how) = self.socket.send(&query.bytes).await {
                return Err(self.refused(how).await);
            }
            let until = self.now() + wait;
            let Some((reading, rtt)) = self.hear_answer(until).await? else {
                continue;
            };
            self.answered += 1;
            if reading.cannot_bear_edns() && !plain && !last {
                (plain, refusal) = (true, Some((reading, rtt)));
                continue;
            }
            return Ok(self.tell(reading, rtt).await);
        }
        if let Some((reading, rtt)) = refusal {
            return Ok(self.tell(reading, rtt).await);
        }
        self.tell_tries();
        let how = if self.strangers > 0 { How::Malformed } else { How::Silent };
        let first = self.sent.first().map_or(Duration::ZERO, |(_, at)| *at);
        let failure = Failure::new(Stage::Resolve, how).after(self.now().saturating_sub(first));
        Err(if how == How::Malformed { failure.saying("only datagrams that answer nothing") } else { failure })
    }

    async fn tell(&mut self, reading: Reading, rtt: Duration) -> Reading {
        self.tell_tries();
        self.facts.push(Fact::Answer(reading.answer(1, micros(rtt))));
        self.hear_second(&reading).await;
        reading
    }

    /// The next answer to any of the tries, and how long after that try it came.
    async fn hear_answer(&mut self, until: Duration) -> Result<Option<(Reading, Duration)>, Failure> {
        while self.strangers < STRANGERS_HEARD {
            match self.socket.hear(until.saturating_sub(self.now())).await {
                Heard::Bytes(bytes) => {
                    if let Some(answer) = self.sort(&bytes) {
                        return Ok(Some(answer));
                    }
                }
                Heard::Icmp(icmp) => return Err(self.told(icmp)),
                Heard::Failed(how) => return Err(Failure::new(Stage::Resolve, how)),
                Heard::Nothing => return Ok(None),
            }
        }
        Ok(None)
    }

    /// A real answer to one of the tries; anything else is kept as garbage.
    fn sort(&mut self, bytes: &[u8]) -> Option<(Reading, Duration)> {
        if let Ok(reading) = self.asking.question.read(bytes)
            && let Some((_, at)) = self.sent.iter().find(|(id, _)| *id == reading.id)
        {
            return Some((reading, self.now().saturating_sub(*at)));
        }
        self.strangers += 1;
        if self.strangers <= STRANGERS_KEPT {
            self.facts.push(garbage(bytes));
        }
        None
    }

    /// Listens for an answer to the same try that disagrees with the first, which shows that one of them is forged.
    async fn hear_second(&mut self, first: &Reading) {
        let Some(wait) = self.asking.settings.second_answer_ms else {
            return;
        };
        let until = self.now() + Duration::from_millis(wait.into());
        // An answer to another try may differ honestly: servers rotate.
        self.sent.retain(|(id, _)| *id == first.id);
        for _ in 0..STRANGERS_HEARD {
            match self.hear_answer(until).await {
                Ok(Some((second, _))) if second.agrees_with(first) => {}
                Ok(Some((second, rtt))) => {
                    self.facts.push(Fact::Answer(second.answer(2, micros(rtt))));
                    return;
                }
                // The first answer stands, whatever becomes of the socket now.
                Ok(None) | Err(_) => return,
            }
        }
    }

    /// A send that failed is often the report of an ICMP error that came before.
    async fn refused(&mut self, how: How) -> Failure {
        match self.socket.hear(Duration::ZERO).await {
            Heard::Icmp(icmp) => self.told(icmp),
            Heard::Bytes(_) | Heard::Failed(_) | Heard::Nothing => Failure::new(Stage::Resolve, how),
        }
    }

    fn told(&mut self, icmp: IcmpError) -> Failure {
        let how = How::by_icmp(icmp.meaning);
        self.facts.push(Fact::Icmp(icmp));
        Failure::new(Stage::Resolve, how)
    }

    /// How many tries it took is worth telling where one was not enough.
    fn tell_tries(&mut self) {
        if self.sent.len() > 1 || self.answered == 0 {
            let made = u16::try_from(self.sent.len()).unwrap_or(u16::MAX);
            self.facts.push(Fact::Tries { made, answered: self.answered });
        }
    }

    fn now(&self) -> Duration {
        self.asking.means.clock.elapsed()
    }
}

/// How long each try is waited for, in their order.
fn waits(settings: &Settings) -> impl Iterator<Item = Duration> + use<> {
    let tries = usize::from(settings.tries.unwrap_or(3)).clamp(1, TRIES_AT_MOST);
    let each = settings.wait_ms.map(|ms| Duration::from_millis(ms.into()));
    let longest = UDP_WAITS_MS.last().copied().unwrap_or_default();
    let own = UDP_WAITS_MS.into_iter().chain(std::iter::repeat(longest)).map(Duration::from_millis);
    own.take(tries).map(move |own| each.unwrap_or(own))
}

/// Three seconds in all: silence is believed after three tries over two seconds at least.
const UDP_WAITS_MS: [u64; 3] = [700, 1000, 1300];
const TRIES_AT_MOST: usize = 10;
/// Enough to show who interferes; a flood of datagrams ends the probe.
const STRANGERS_KEPT: usize = 3;
const STRANGERS_HEARD: usize = 64;
const AFTER_TRUNCATION: &str = "after truncation";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_believed_after_two_seconds_at_least() {
        let all: Vec<Duration> = waits(&Settings::default()).collect();
        assert_eq!((all.len(), all.iter().sum()), (3, Duration::from_secs(3)));
        assert_eq!(waits(&Settings { tries: Some(255), ..Settings::default() }).count(), TRIES_AT_MOST);
    }
}
