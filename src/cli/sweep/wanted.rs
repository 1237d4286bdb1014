//! What is to be swept: from the flags, or from the first line of the file of a sweep that was cut off.

use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use anyhow::{Context, anyhow};
use ipnet::IpNet;

use super::super::args::{self, Options};
use super::super::output;
use super::file::Log;
use crate::catalogue::{Catalogue, PortRange};
use crate::run::Settlement;
use crate::sweep::{Amount, Chosen, Families, LOG_SCHEMA, Lane, Ledger, LogHead, Selection, Shard, Space, WideRange};

/// What is to be swept, and what is known of it already.
pub(super) struct Wanted {
    /// All targets.
    pub(super) space: Space,
    /// Ranges of ports of which these have some only.
    pub(super) wide: Vec<WideRange>,
    /// Which part of them.
    pub(super) shard: Shard,
    /// Of their order.
    pub(super) seed: u64,
    /// What came in an earlier run.
    pub(super) known: Ledger,
    /// What was settled in an earlier run.
    pub(super) settled: Settlement,
}

/// What the flags want, with the first line of its file.
pub(super) struct Fresh {
    wanted: Wanted,
    head: LogHead,
}

impl Wanted {
    /// What the flags want.
    ///
    /// # Errors
    /// When they choose nothing, or too much.
    pub(super) fn given(
        options: &Options,
        args: &args::Sweep,
        catalogue: &Catalogue,
        started: &str,
        has_ipv6: bool,
    ) -> anyhow::Result<Fresh> {
        let families = match (options.ipv4, options.ipv6) {
            (true, _) => "4",
            (_, true) => "6",
            (false, false) if !has_ipv6 => {
                output::note(options, "This computer has no IPv6 address, so IPv6 prefixes are not asked.");
                "4"
            }
            (false, false) => "both",
        };
        anyhow::ensure!(
            args.shard == Shard::WHOLE || args.seed.is_some(),
            "the parts of a sweep need one order: give the same --seed to each"
        );
        // Another sweep has another order: those of a fleet do not all ask the same router first.
        let seed = args.seed.unwrap_or_else(|| RandomState::new().hash_one(started));
        let head = LogHead {
            schema: LOG_SCHEMA.to_owned(),
            catalogue: catalogue.sha256.clone(),
            started: started.to_owned(),
            services: args.service.clone(),
            prefixes: args.prefix.iter().map(ToString::to_string).collect(),
            ports: args.port.iter().map(ToString::to_string).collect(),
            families: families.to_owned(),
            per_prefix: (!args.all).then_some(args.per_prefix),
            shard: args.shard.to_string(),
            seed,
            targets: 0,
        };
        let wanted = Self::of(&head, catalogue)?;
        let head = LogHead { targets: wanted.space.count(), ..head };
        Ok(Fresh { wanted, head })
    }

    /// What the first line of a file wants.
    ///
    /// # Errors
    /// When it chooses nothing, or too much.
    pub(super) fn of(head: &LogHead, catalogue: &Catalogue) -> anyhow::Result<Self> {
        let read = |text: &str| anyhow!("could not read {text:?} in the first line of the sweep's file");
        let prefixes = head.prefixes.iter().map(|text| text.parse::<IpNet>().map_err(|_| read(text)));
        let ports = head.ports.iter().map(|text| text.parse::<PortRange>().map_err(|_| read(text)));
        let selection = Selection {
            services: head.services.clone(),
            prefixes: prefixes.collect::<Result<_, _>>()?,
            ports: ports.collect::<Result<_, _>>()?,
            families: match head.families.as_str() {
                "4" => Families::V4,
                "6" => Families::V6,
                _ => Families::Both,
            },
        };
        let Chosen { mut lanes, wide } = selection.chosen(catalogue).map_err(|error| anyhow!("could not {error}"))?;
        let mut ports: Vec<_> = lanes.iter().map(|lane| lane.port).collect();
        ports.sort_unstable();
        ports.dedup();
        for address in &catalogue.canary.addresses {
            let has_family = lanes.iter().any(|lane| lane.prefix.addr().is_ipv4() == address.is_ipv4());
            let of_family = ports.iter().filter(|_| has_family);
            lanes.extend(of_family.map(|port| Lane { prefix: IpNet::from(*address), port: *port, canary: true }));
        }
        let amount = head.per_prefix.map_or(Amount::All, Amount::PerPrefix);
        let space = Space::new(lanes, amount).context(
            "could not sweep so much: IPv6 prefixes have more addresses than can be asked; leave out --all, or add -4",
        )?;
        let shard = head.shard.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
        let (part, of) = shard.ok_or_else(|| read(&head.shard))?;
        let known = Ledger::new(space.count());
        Ok(Self { space, wide, shard: Shard { part, of }, seed: head.seed, known, settled: Settlement::default() })
    }
}

impl Fresh {
    /// Begins the file, if one is wanted.
    ///
    /// # Errors
    /// When it cannot be made, or is there already.
    pub(super) fn logged(self, path: Option<&Path>) -> anyhow::Result<(Log, Wanted)> {
        let log = match path {
            Some(path) => Log::begin(path, &self.head)?,
            None => Log::none(),
        };
        Ok((log, self.wanted))
    }
}
