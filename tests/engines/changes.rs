//! What changes near this computer while a long sweep runs: gateways, leases, links.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use why5003::run::{Sweep, SweepEvent, sweep};
use why5003::sweep::{Amount, Port, PrefixPort, RateLimit, Results, Shard, TargetSpace};
use why5003_probes::engines::{Engine, Response, Returned};
use why5003_probes::model::Transport;

use crate::ways::{enter, to};
use crate::wire::{Came, asked, block_on, prefixes, syn};
use crate::world::{FarEnd, GATEWAY, GATEWAY_V6, INTERFACE, IcmpErrors, shell};

pub(crate) fn syn_follows_a_gateway_that_announces_another_hardware_address() {
    let far_end = announcing();
    block_on(async {
        let mut engine = syn(&prefixes()).await;
        let (before, after) = (both("1", "1"), both("2", "2"));
        assert_eq!(asked(&mut engine, &before).await.0, open(&before));
        enter(&far_end, REPLACE);
        assert_eq!(asked(&mut engine, &after).await.0, open(&after));
    });
    drop(far_end);
}

/// The kernel asks only neighbours that it sends to, and the engine sends past it.
pub(crate) fn syn_finds_a_gateway_again_that_is_replaced_without_a_word() {
    let far_end = FarEnd::start(IcmpErrors::AFew);
    // Half a minute and several seconds, as a rule.
    for family in ["ipv4", "ipv6"] {
        shell(&format!(
            "cd /proc/sys/net/{family}/neigh/{INTERFACE}
             echo 100 > base_reachable_time_ms
             echo 1 > delay_first_probe_time
             echo 1 > ucast_solicit"
        ));
    }
    let targets = both("1", "1");
    block_on(async {
        let mut engine = syn(&prefixes()).await;
        assert_eq!(asked(&mut engine, &targets).await.0, open(&targets));
        enter(&far_end, REPLACE);
        until_open(&mut engine, &targets).await;
    });
    drop(far_end);
}

pub(crate) fn no_target_of_a_sweep_is_lost_when_the_gateway_is_replaced() {
    let far_end = announcing();
    let port = Port { transport: Transport::Tcp, number: 443 };
    let prefix = "170.114.4.0/23".parse().unwrap();
    let space = TargetSpace::new(vec![PrefixPort { prefix, port, canary: false }], Amount::All).unwrap();
    let swept = block_on(async {
        let engine: Box<dyn Engine> = Box::new(syn(&prefixes()).await);
        let (rate_limit, known) = (RateLimit::new(Some(600)), Results::new(space.count()));
        let all = Sweep {
            space: &space,
            shard: Shard::WHOLE,
            seed: 7,
            rate_limit,
            max_inflight: 1_000,
            first: BTreeSet::new(),
            known,
        };
        let mut concluded = 0;
        let mut replace = |event| {
            if let SweepEvent::Responded { attempt: 1, .. } = event {
                concluded += 1;
                if concluded == 200 {
                    enter(&far_end, REPLACE);
                }
            }
        };
        sweep(all, &mut [(Transport::Tcp, engine)], &mut replace, std::future::pending()).await.unwrap()
    });
    assert_eq!(swept.results.tally(0..space.count()).open, 512, "{:?}", swept.results.tally(0..space.count()));
    drop(far_end);
}

pub(crate) fn syn_waits_while_the_link_or_the_route_is_gone() {
    let far_end = FarEnd::start(IcmpErrors::AFew);
    let targets = to(&["170.114.1.1", "170.114.1.2"]);
    let cable = |state| enter(&far_end, &format!("ip link set far {state}"));
    let interface = |state| shell(&format!("ip link set {INTERFACE} {state}"));
    block_on(async {
        let mut engine = syn(&["170.114.0.0/16".parse().unwrap()]).await;
        assert_eq!(asked(&mut engine, &targets).await.0, open(&targets));
        cable("down");
        assert_eq!(nothing_is_asked(&mut engine, &targets), []);
        cable("up");
        until_open(&mut engine, &targets).await;
        interface("down");
        assert_eq!(nothing_is_asked(&mut engine, &targets), []);
        interface("up");
        shell(&format!("ip route add 170.114.0.0/16 via {GATEWAY}"));
        until_open(&mut engine, &targets).await;
    });
    drop(far_end);
}

pub(crate) fn syn_sends_from_the_address_that_a_new_lease_gave() {
    let far_end = FarEnd::start(IcmpErrors::AFew);
    enter(&far_end, "ip address add 10.0.4.2/24 dev far");
    let targets = to(&["170.114.1.1"]);
    block_on(async {
        let mut engine = syn(&prefixes()).await;
        shell(&format!(
            "ip address add 10.0.4.9/24 dev {INTERFACE}
             ip route replace 170.114.0.0/16 via 10.0.4.2
             ip address del 10.0.0.1/30 dev {INTERFACE}"
        ));
        // Its gateway has to be searched for.
        until_open(&mut engine, &targets).await;
    });
    drop(far_end);
}

pub(crate) fn syn_takes_up_a_family_that_comes_later() {
    let far_end = FarEnd::start(IcmpErrors::AFew);
    shell("ip -6 route del 2407:30c0:180::/48");
    let targets = to(&["2407:30c0:180::1"]);
    block_on(async {
        let mut engine = syn(&prefixes()).await;
        let none = [(targets[0], Response::Unreachable { by: None })].into();
        assert_eq!(asked(&mut engine, &targets).await.0, none);
        shell(&format!("ip -6 route add 2407:30c0:180::/48 via {GATEWAY_V6}"));
        until_open(&mut engine, &targets).await;
    });
    drop(far_end);
}

/// Asks in vain, and says what came nevertheless.
fn nothing_is_asked(engine: &mut dyn Engine, targets: &[SocketAddr]) -> Vec<Returned> {
    assert_eq!((engine.ask(targets).unwrap(), engine.room()), (0, 0));
    let mut returned = Vec::new();
    engine.hear(&mut returned).unwrap();
    returned
}

/// Asks again and again until all answer.
async fn until_open(engine: &mut dyn Engine, targets: &[SocketAddr]) {
    let began = Instant::now();
    while asked(engine, targets).await.0 != open(targets) {
        assert!(began.elapsed() < Duration::from_secs(20), "{targets:?} do not answer");
    }
}

/// A far end that says so when its hardware address changes, as one that takes over from another does (RFC 5227, 3; RFC 4861, 7.2.6).
fn announcing() -> FarEnd {
    let far_end = FarEnd::start(IcmpErrors::AFew);
    enter(
        &far_end,
        "echo 1 > /proc/sys/net/ipv4/conf/far/arp_notify; echo 1 > /proc/sys/net/ipv6/conf/far/ndisc_notify",
    );
    far_end
}

fn both(v4: &str, v6: &str) -> Vec<SocketAddr> {
    to(&[&format!("170.114.1.{v4}"), &format!("2407:30c0:180::{v6}")])
}

fn open(targets: &[SocketAddr]) -> Came {
    targets.iter().map(|to| (*to, Response::Open)).collect()
}

const REPLACE: &str = "ip link set far address 02:00:00:00:00:77";
