//! What is to be swept: from the flags, or from the first lines of the files of a sweep that was cut off or shared out.

use std::hash::{BuildHasher, RandomState};

use anyhow::{Context, anyhow};
use ipnet::IpNet;
use why5003_probes::model::Family;

use super::super::args;
use super::super::output;
use super::super::settings::Settings;
use crate::catalogue::Catalogue;
use crate::sweep::{
    Amount, Chosen, LOG_SCHEMA, Lane, Ledger, LogHead, Selection, Shard, Space, TraceResult, WideRange,
};

/// What is to be swept, and what is known of it already.
pub(super) struct Wanted {
    /// All targets.
    pub(super) space: Space,
    /// Ranges of ports of which these have some only.
    pub(super) wide: Vec<WideRange>,
    /// Which parts of them; the whole is one.
    pub(super) parts: Vec<Shard>,
    /// Of their order.
    pub(super) seed: u64,
    /// When it began: in an earlier run, where it goes on. RFC 3339, UTC.
    pub(super) started: String,
    /// What came in an earlier run.
    pub(super) known: Ledger,
    /// What was settled in an earlier run.
    pub(super) settled: TraceResult,
}

/// What the flags want, with the first line of its file.
pub(super) struct Fresh {
    /// What they want.
    pub(super) wanted: Wanted,
    /// The first line.
    pub(super) head: LogHead,
}

impl Wanted {
    /// What the flags want.
    ///
    /// # Errors
    /// When they choose nothing, or too much.
    pub(super) fn given(
        settings: &Settings,
        args: &args::Sweep,
        catalogue: &Catalogue,
        started: &str,
        has_ipv6: bool,
    ) -> anyhow::Result<Fresh> {
        // Who names a prefix of IPv6 wants it asked.
        let of_ipv6 = |prefix: &IpNet| Family::of(prefix.addr()) == Family::V6;
        let lacks_ipv6 = settings.family.is_none() && !has_ipv6 && !args.prefix.iter().any(of_ipv6);
        let family = if lacks_ipv6 { Some(Family::V4) } else { settings.family };
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
            prefixes: args.prefix.clone(),
            ports: args.port.clone(),
            family,
            per_prefix: (!args.all).then_some(args.per_prefix),
            shard: args.shard,
            seed,
            targets: 0,
        };
        let wanted = Self::of(&head, catalogue)?;
        let head = LogHead { targets: wanted.space.count(), ..head };
        if lacks_ipv6 && args.prefix.is_empty() {
            output::note(settings, "This computer has no IPv6 address, so IPv6 prefixes are not asked.");
        }
        Ok(Fresh { wanted, head })
    }

    /// What the first line of a file wants.
    ///
    /// # Errors
    /// When it chooses nothing, or too much.
    pub(super) fn of(head: &LogHead, catalogue: &Catalogue) -> anyhow::Result<Self> {
        let selection = Selection {
            services: head.services.clone(),
            prefixes: head.prefixes.clone(),
            ports: head.ports.clone(),
            family: head.family,
        };
        let Chosen { mut lanes, wide } = selection.chosen(catalogue).map_err(|error| anyhow!("could not {error}"))?;
        let mut ports: Vec<_> = lanes.iter().map(|lane| lane.port).collect();
        ports.sort_unstable();
        ports.dedup();
        for address in &catalogue.canary.addresses {
            let has_family = lanes.iter().any(|lane| Family::of(lane.prefix.addr()) == Family::of(*address));
            let of_family = ports.iter().filter(|_| has_family);
            lanes.extend(of_family.map(|port| Lane { prefix: IpNet::from(*address), port: *port, canary: true }));
        }
        let amount = head.per_prefix.map_or(Amount::All, Amount::PerPrefix);
        let or = if head.family == Some(Family::V6) { "" } else { ", or add -4" };
        let space = Space::new(lanes, amount).with_context(|| {
            format!("could not sweep so much: IPv6 prefixes have more addresses than can be asked; leave out --all{or}")
        })?;
        let known = Ledger::new(space.count());
        Ok(Self {
            space,
            wide,
            parts: vec![head.shard],
            seed: head.seed,
            started: head.started.clone(),
            known,
            settled: TraceResult::default(),
        })
    }
}
