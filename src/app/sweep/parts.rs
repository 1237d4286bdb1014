//! Which parts of a sweep there are.

use std::fmt;

use crate::sweep::Shard;

/// Parts of one sweep, each once; the whole is one part, or all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts(Vec<Shard>);

impl Parts {
    /// One part alone.
    pub(super) fn one(part: Shard) -> Self {
        Self(vec![part])
    }

    /// Each of them.
    pub(super) fn each(&self) -> &[Shard] {
        &self.0
    }

    /// Takes in other parts.
    pub(super) fn append(&mut self, other: &Self) {
        self.0.extend(&other.0);
    }

    /// Whether these are all of the sweep.
    pub fn are_whole(&self) -> bool {
        self.0.first().is_some_and(|one| u64::from(one.of.get()) == self.0.len() as u64)
    }

    /// Which part can be probed: the only one, or the whole. Several that are not the whole are only put together.
    pub fn to_probe(&self) -> Option<Shard> {
        match self.0.as_slice() {
            [one] => Some(*one),
            _ => self.are_whole().then_some(Shard::WHOLE),
        }
    }
}

impl fmt::Display for Parts {
    /// `1/8, 3/8`; the whole is `1/1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.are_whole() {
            return Shard::WHOLE.fmt(f);
        }
        let spelled: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&spelled.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(spelled: &[&str]) -> Parts {
        Parts(spelled.iter().map(|part| part.parse().unwrap()).collect())
    }

    #[test]
    fn all_parts_together_are_the_whole() {
        for (given, spelled, to_probe) in [
            (&["1/1"][..], "1/1", Some("1/1")),
            (&["2/3"], "2/3", Some("2/3")),
            (&["1/3", "2/3"], "1/3, 2/3", None),
            (&["1/3", "3/3", "2/3"], "1/1", Some("1/1")),
        ] {
            let parts = parts(given);
            assert_eq!(parts.to_string(), spelled);
            assert_eq!(parts.to_probe().map(|shard| shard.to_string()).as_deref(), to_probe);
        }
    }
}
