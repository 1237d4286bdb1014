//! A random order over the numbers below a count, which is computed and not kept.
//!
//! A Feistel network permutes the numbers below the next power of four. A number at or above the count is permuted
//! again until it falls below it ("cycle walking": Black and Rogaway, Ciphers with Arbitrary Finite Domains, 2002). It
//! spreads load over prefixes; it is no secret, so the round function only has to mix well.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A random order over `0..count`, the same for the same seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permutation {
    count: u64,
    half_bits: u32,
    keys: [u64; ROUNDS],
}

impl Permutation {
    /// The order over `0..count` that a seed gives; `count` is at most 2⁶².
    pub fn new(count: u64, seed: u64) -> Self {
        let count = count.min(1 << 62);
        let bits = u64::BITS - count.saturating_sub(1).leading_zeros();
        let mut key = seed;
        let keys = [(); ROUNDS].map(|()| {
            key = key.wrapping_add(GOLDEN);
            mixed(key)
        });
        Self { count, half_bits: bits.div_ceil(2).max(1), keys }
    }

    /// How many numbers there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The number at a position; every number below the count stands at exactly one position below it.
    ///
    /// # Panics
    /// When the position is not below the count.
    pub fn at(&self, position: u64) -> u64 {
        assert!(position < self.count, "position {position} of {}", self.count);
        let mut number = self.permuted(position);
        // Ends: walking the cycle that the position itself is on, which is below the count.
        while number >= self.count {
            number = self.permuted(number);
        }
        number
    }

    fn permuted(&self, number: u64) -> u64 {
        let mask = (1 << self.half_bits) - 1;
        let (mut left, mut right) = (number >> self.half_bits, number & mask);
        for key in self.keys {
            (left, right) = (right, left ^ (mixed(right ^ key) & mask));
        }
        left << self.half_bits | right
    }
}

/// One of several equal parts of an order: its every n-th position. It is spelled `3/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shard {
    /// Which, from 1.
    pub part: NonZeroU32,
    /// Of how many; not less than `part`.
    pub of: NonZeroU32,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Self = Self { part: NonZeroU32::MIN, of: NonZeroU32::MIN };

    /// The positions of an order that are this part's.
    pub fn positions(self, count: u64) -> impl Iterator<Item = u64> + Clone {
        (u64::from(self.part.get() - 1)..count).step_by(usize::try_from(self.of.get()).unwrap_or(usize::MAX))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.of)
    }
}

/// A text names no part of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write the part and how many there are, such as 3/8")]
pub struct ParseShardError;

impl FromStr for Shard {
    type Err = ParseShardError;

    fn from_str(text: &str) -> Result<Self, ParseShardError> {
        let parts = text.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
        parts.map(|(part, of)| Self { part, of }).filter(|shard| shard.part <= shard.of).ok_or(ParseShardError)
    }
}

impl TryFrom<String> for Shard {
    type Error = ParseShardError;

    fn try_from(text: String) -> Result<Self, ParseShardError> {
        text.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014).
fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// SplitMix64's increment, from the same paper: the golden ratio's fraction.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
/// Four make a Feistel network a strong permutation (Luby and Rackoff, 1988).
const ROUNDS: usize = 4;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_number_comes_exactly_once(count in 0_u64..5_000, seed: u64) {
            let permutation = Permutation::new(count, seed);
            let numbers: BTreeSet<u64> = (0..count).map(|position| permutation.at(position)).collect();
            prop_assert_eq!(numbers, (0..count).collect());
        }

        #[test]
        fn the_parts_together_are_the_whole_and_none_is_in_two(count in 0_u64..3_000, of in 1_u32..40) {
            let of = NonZeroU32::new(of).unwrap();
            let parts = (1..=of.get()).map(|part| Shard { part: NonZeroU32::new(part).unwrap(), of });
            let mut all = Vec::new();
            for shard in parts {
                all.extend(shard.positions(count));
            }
            all.sort_unstable();
            prop_assert_eq!(all, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_part_is_spelled_as_it_is_read_and_lies_among_those_there_are() {
        for text in ["1/1", "3/8", "8/8"] {
            assert_eq!(text.parse::<Shard>().unwrap().to_string(), text);
        }
        for text in ["", "3", "0/8", "9/8", "3/0", "a/b", "1/2/3"] {
            assert_eq!(text.parse::<Shard>(), Err(ParseShardError), "{text}");
        }
    }

    #[test]
    fn another_seed_is_another_order_and_neither_is_the_list_itself() {
        let permutation = |seed| (0..64).map(|position| Permutation::new(64, seed).at(position)).collect::<Vec<_>>();
        assert_ne!(permutation(1), permutation(2));
        assert_ne!(permutation(1), (0..64).collect::<Vec<_>>());
    }

    /// A sweep that walked a prefix from its beginning would load one router and one rule at a time.
    #[test]
    fn neighbours_in_the_order_lie_far_apart() {
        let permutation = Permutation::new(65_536, 7);
        let near = (1..65_536).filter(|&at| permutation.at(at).abs_diff(permutation.at(at - 1)) < 256).count();
        assert!(near < 65_536 / 64, "{near} of 65535 steps stay within a /24");
    }
}
