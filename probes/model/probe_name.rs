//! The names of the probe kinds: the list of what there is to ask for.
//!
//! It knows names alone: what a kind is and does stands in its own file, which the compiler asks for ([`crate::kind`]).

use std::fmt;
use std::str::FromStr;

/// Declares every kind and its name once. An enum, the list of its values and their texts would else be three lists.
macro_rules! names {
    ($($kind:ident = $text:literal,)*) => {
        /// The name of a probe kind, as the command line and records spell it.
        ///
        /// Closed on purpose: what reads observations knows every kind.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ProbeName {
            $(#[doc = concat!("`", $text, "`")] $kind,)*
        }

        impl ProbeName {
            /// Every kind, in the order of their names.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// The name as text.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $text,)*
                }
            }
        }
    };
}

names! {
    Burst = "burst",
    Dns = "dns",
    Flow = "flow",
    Fragments = "fragments",
    Host = "host",
    Http = "http",
    Loss = "loss",
    Mtu = "mtu",
    Passage = "passage",
    Proxy = "proxy",
    Tcp = "tcp",
    Tls = "tls",
    Udp = "udp",
}

impl fmt::Display for ProbeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ProbeName {
    type Err = ParseProbeNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.iter().find(|name| name.as_str() == text);
        known.copied().ok_or_else(|| ParseProbeNameError { name: text.to_owned() })
    }
}

/// No probe kind has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown probe {name:?}")]
pub struct ParseProbeNameError {
    /// The name as written.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_and_they_are_in_order() {
        for name in ProbeName::ALL {
            assert_eq!(name.as_str().parse(), Ok(*name));
        }
        assert!(ProbeName::ALL.is_sorted_by_key(|name| name.as_str()));
    }

    #[test]
    fn what_is_no_probe_is_said_by_its_name() {
        let error = "smoke".parse::<ProbeName>().unwrap_err();
        assert_eq!(error.to_string(), "unknown probe \"smoke\"");
    }
}
