//! An experiment as a record, and the question that a rule makes of it.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use why5003_probes::model::Probe;

use super::Setup;

/// An experiment: what tells it apart, what it needs, and the probes that make it.
#[derive(Debug)]
pub struct Experiment<S> {
    /// Its id, which never changes its meaning.
    pub id: &'static str,
    /// Its answer counts packets or a router's last errors, so nothing else may be under way when it begins.
    pub quiet: bool,
    /// What may be asked beside it.
    pub beside: Beside,
    /// One of its two answers is silence: where silence proves nothing, its packets are for nothing.
    pub told_by_silence: bool,
    /// The probes that would answer it of this subject; none where the setup lacks what they need.
    pub probes: fn(&Setup<'_>, &S) -> Vec<Probe>,
}

/// What may be asked beside an experiment. Closed: the run knows what to do with each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Anything.
    Anything,
    /// Nothing that begins at the same time: its packets would be counted too, or cost a router's last errors.
    NothingThatBegins,
    /// Nothing at all: every other packet of this computer counts against the limit that it looks for.
    Nothing,
}

impl<S> Experiment<S> {
    /// An experiment that disturbs nothing, is not disturbed, and does not rest on silence.
    pub const fn new(id: &'static str, probes: fn(&Setup<'_>, &S) -> Vec<Probe>) -> Self {
        Self { id, quiet: false, beside: Beside::Anything, told_by_silence: false, probes }
    }
}

impl<S: fmt::Debug + Send + Sync + 'static> Experiment<S> {
    /// The question that this experiment answers of `subject`.
    pub fn of(&self, subject: S) -> Question {
        let probes = self.probes;
        Question {
            id: self.id,
            subject: format!("{subject:?}"),
            quiet: self.quiet,
            beside: self.beside,
            told_by_silence: self.told_by_silence,
            stand_in: None,
            probes: Arc::new(move |setup| probes(setup, &subject)),
        }
    }
}

/// What a rule would have to know before it can decide: an experiment and its subject.
///
/// Two questions are equal if both are.
#[derive(Clone)]
pub struct Question {
    id: &'static str,
    subject: String,
    quiet: bool,
    beside: Beside,
    told_by_silence: bool,
    stand_in: Option<SocketAddr>,
    probes: Arc<Probes>,
}

/// The probes that would answer a question, of a setup.
type Probes = dyn Fn(&Setup<'_>) -> Vec<Probe> + Send + Sync;

impl Question {
    /// The experiment's id.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// Whether probes that are still under way would disturb the answer.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// What may be asked beside it.
    pub fn beside(&self) -> Beside {
        self.beside
    }

    /// Whether silence is one of its two answers.
    pub fn is_told_by_silence(&self) -> bool {
        self.told_by_silence
    }

    /// The probes that would answer it.
    pub fn probes(&self, setup: &Setup<'_>) -> Vec<Probe> {
        (self.probes)(setup)
    }

    /// The same, and from then on this resolver is asked for names in place of the system's library.
    #[must_use]
    pub fn with_stand_in(self, resolver: SocketAddr) -> Self {
        Self { stand_in: Some(resolver), ..self }
    }

    /// The resolver to ask for names in place of the system's library from now on.
    pub fn stand_in(&self) -> Option<SocketAddr> {
        self.stand_in
    }
}

impl PartialEq for Question {
    fn eq(&self, other: &Self) -> bool {
        (self.id, &self.subject) == (other.id, &other.subject)
    }
}

impl Eq for Question {}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id, self.subject)
    }
}
