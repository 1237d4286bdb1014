//! What is to be swept, and what is known of it already: from a scope, or from the lines of an earlier run's log.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};

use ipnet::IpNet;
use why5003_probes::model::{AddressScope, Family, Transport};

use super::super::head::rfc3339;
use super::{Parts, SweepError, SweepScope};
use crate::catalogue::Catalogue;
use crate::run::Tools;
use crate::sweep::{
    Amount, Chosen, ForeignLine, LOG_SCHEMA, LogHead, LogLine, Permutation, PrefixPort, Reaches, Results, Selection,
    SharedLine, TargetSpace, TraceResult, UnheardLine, WideRange,
};

/// What is to be swept, and what is known of it already.
#[derive(Clone, Debug)]
pub struct SweepPlan {
    /// The first line of its log: all that is needed to make the same plan again.
    pub head: LogHead,
    /// All targets.
    pub space: TargetSpace,
    /// Which parts of them.
    pub parts: Parts,
    /// What came in an earlier run.
    pub results: Results,
    /// IPv6 was left out, since this computer has no address for it.
    pub lacks_ipv6: bool,
    /// Wide ranges of ports, of which some ports are targets.
    pub(super) wide: Vec<WideRange>,
    /// What was traced in an earlier run.
    pub(super) traced: TraceResult,
    /// What the log itself says was traced, before other parts were joined.
    pub(super) own: Option<Reaches>,
}

impl SweepPlan {
    /// The plan of a new sweep.
    ///
    /// # Errors
    /// [`SweepError::NothingSelected`] and [`SweepError::TooManyTargets`].
    pub fn new(scope: &SweepScope, catalogue: &Catalogue, tools: &Tools) -> Result<Self, SweepError> {
        let Selection { services, prefixes, ports, family } = &scope.selection;
        // Who names a prefix of IPv6 wants it asked.
        let names_ipv6 = prefixes.iter().any(|prefix| Family::of(prefix.addr()) == Family::V6);
        let without_ipv6 = family.is_none() && !names_ipv6 && !has_ipv6(tools);
        let started = rfc3339(tools.clock.wall());
        let head = LogHead {
            schema: LOG_SCHEMA.to_owned(),
            catalogue: catalogue.sha256.clone(),
            services: services.clone(),
            prefixes: prefixes.clone(),
            ports: ports.clone(),
            family: if without_ipv6 { Some(Family::V4) } else { *family },
            per_prefix: match scope.amount {
                Amount::PerPrefix(count) => Some(count),
                Amount::All => None,
            },
            shard: scope.part.shard(),
            // Another sweep has another order: those of a fleet do not all ask the same router first.
            seed: scope.part.seed().unwrap_or_else(|| RandomState::new().hash_one(&started)),
            started,
            targets: 0,
        };
        let mut plan = Self::of(head, catalogue)?;
        plan.head.targets = plan.space.count();
        plan.lacks_ipv6 = without_ipv6 && prefixes.is_empty();
        Ok(plan)
    }

    /// The plan that the first line of a log describes; nothing is known yet.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of(head: LogHead, catalogue: &Catalogue) -> Result<Self, SweepError> {
        let selection = Selection {
            services: head.services.clone(),
            prefixes: head.prefixes.clone(),
            ports: head.ports.clone(),
            family: head.family,
        };
        let Chosen { mut pairs, wide } = selection.chosen(catalogue)?;
        pairs.extend(canaries(&pairs, catalogue));
        let amount = head.per_prefix.map_or(Amount::All, Amount::PerPrefix);
        let space = TargetSpace::new(pairs, amount).ok_or(SweepError::TooManyTargets { family: head.family })?;
        Ok(Self {
            parts: Parts::one(head.shard),
            results: Results::new(space.count()),
            traced: TraceResult::default(),
            own: None,
            lacks_ipv6: false,
            head,
            space,
            wide,
        })
    }

    /// Takes a later line of the log over; `false` for the first of the final lines, which are written anew.
    ///
    /// # Errors
    /// [`ForeignLine`] when it is not of this sweep.
    pub fn restore(&mut self, line: LogLine) -> Result<bool, ForeignLine> {
        let Self { space, results, traced, .. } = self;
        match line {
            LogLine::Response(line) => line.restore(space, results)?,
            LogLine::Reach(reach) => reach.restore(space, &mut traced.reaches)?,
            LogLine::Shared(SharedLine { family, shared }) => {
                *traced.common_paths.family(family) = shared;
                traced.reaches.keep(|number| !is_of(space, number, family));
            }
            LogLine::Unheard(UnheardLine { family, unheard }) => traced.of_known_hosts(family, &unheard),
            LogLine::FinalState(_) => return Ok(false),
        }
        Ok(true)
    }

    /// How many targets of these parts, and of the canaries, are not known yet.
    pub fn left(&self) -> u64 {
        let all = self.space.count();
        if self.parts.are_whole() {
            return all - self.results.tally(0..all).known();
        }
        let canaries: BTreeSet<u64> = self.space.canaries().collect();
        let unknown = |number: &u64| self.results.response(*number).is_none();
        let mut left = canaries.iter().filter(|number| unknown(number)).count() as u64;
        for transport in [Transport::Tcp, Transport::Udp] {
            let numbers = self.space.numbers_of(transport);
            let order = Permutation::new(numbers.end - numbers.start, self.head.seed);
            let positions = self.parts.each().iter().flat_map(|part| part.positions(order.count()));
            let own = positions.map(|at| order.at(at) + numbers.start);
            left += own.filter(|number| unknown(number) && !canaries.contains(number)).count() as u64;
        }
        left
    }

    /// How many targets there are in these parts, canaries included.
    pub fn targets(&self) -> u64 {
        self.left() + self.results.tally(0..self.space.count()).known()
    }
}

/// Whether a target is of a family.
pub(super) fn is_of(space: &TargetSpace, number: u64, family: Family) -> bool {
    space.target(number).is_some_and(|(to, _)| Family::of(to.ip()) == family)
}

/// Addresses that nobody can own, at every port and of every family that is asked.
fn canaries(pairs: &[PrefixPort], catalogue: &Catalogue) -> Vec<PrefixPort> {
    let ports: BTreeSet<_> = pairs.iter().map(|pair| pair.port).collect();
    let is_asked =
        |address: &IpNet| pairs.iter().any(|pair| Family::of(pair.prefix.addr()) == Family::of(address.addr()));
    let addresses = catalogue.canary.addresses.iter().map(|address| IpNet::from(*address)).filter(is_asked);
    addresses
        .flat_map(|prefix| ports.iter().map(move |port| PrefixPort { prefix, port: *port, canary: true }))
        .collect()
}

/// Whether this computer has an address by which IPv6 leads anywhere: what it can't send tells nothing of the network.
fn has_ipv6(tools: &Tools) -> bool {
    let reaches = |address: &IpNet| {
        Family::of(address.addr()) == Family::V6 && AddressScope::of(address.addr()).leaves_the_link()
    };
    tools.system.interfaces().is_ok_and(|all| all.iter().any(|interface| interface.addresses.iter().any(reaches)))
}
