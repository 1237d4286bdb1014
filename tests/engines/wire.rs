//! The tests themselves, each inside its namespaces.

use std::collections::BTreeMap;
use std::hash::RandomState;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ipnet::IpNet;
use why5003_probes::engines::{Connect, Datagrams, Engine, Response, Syn};
use why5003_probes::os::this_system;

use crate::world::{FarEnd, GATEWAY, GATEWAY_V6, INTERFACE, IcmpErrors, PARTS, PARTS_V6, Part, shell};

/// What each of a few addresses of all parts came to; silent ones do not stand in it.
pub(crate) type Came = BTreeMap<SocketAddr, Response>;

pub(crate) fn syn_tells_the_parts_of_both_families_apart() {
    let far_end = FarEnd::start(IcmpErrors::All);
    let (came, _) = block_on(async { asked(&mut syn(&prefixes()).await, &targets(40)).await });
    assert_eq!(came, truth(40, Some(64)));
    drop(far_end);
}

pub(crate) fn connect_tells_the_parts_of_both_families_apart() {
    let far_end = FarEnd::start(IcmpErrors::All);
    know_the_gateway();
    let (came, _) = block_on(async { asked(&mut Connect::new(WAIT, None).unwrap(), &targets(40)).await });
    assert_eq!(came, truth(40, None));
    drop(far_end);
}

/// Those that a kernel's limit lets through are told as they are, and take nothing from what else is told.
pub(crate) fn errors_that_are_kept_back_are_silence() {
    let far_end = FarEnd::start(IcmpErrors::AFew);
    let (came, _) = block_on(async { asked(&mut syn(&prefixes()).await, &targets(40)).await });
    let is_prohibited = |response: &Response| matches!(response, Response::Prohibited { .. });
    let mut wanted = truth(40, Some(64));
    wanted.retain(|to, response| !is_prohibited(response) || came.contains_key(to));
    assert_eq!(came, wanted);
    let prohibited = came.values().filter(|response| is_prohibited(response)).count();
    assert!((1..80).contains(&prohibited), "{prohibited} of 80");
    drop(far_end);
}

pub(crate) fn connect_leaves_no_socket_port_or_time_wait_behind() {
    let far_end = FarEnd::start(IcmpErrors::AFew);
    know_the_gateway();
    let left = block_on(async {
        let mut engine = Connect::new(WAIT, None).unwrap();
        let before = engine.room();
        asked(&mut engine, &targets(100)).await;
        before - engine.room()
    });
    assert_eq!(left, 0);
    for table in ["tcp", "tcp6"] {
        let sockets = std::fs::read_to_string(format!("/proc/self/net/{table}")).unwrap();
        assert_eq!(sockets.lines().count(), 1, "{sockets}");
    }
    drop(far_end);
}

/// The kernel's own packets go through its firewall and the engine's do not: so the ones are told from the others.
pub(crate) fn syn_resets_what_it_opened_once_and_the_kernel_nothing() {
    let mut far_end = FarEnd::start(IcmpErrors::AFew);
    shell("nft 'table inet own { chain out { type filter hook output priority 0; meta l4proto tcp counter; }; }'");
    let (_, sent) = block_on(async { asked(&mut syn(&prefixes()).await, &targets(40)).await });
    let open = 40 * 2;
    assert_eq!((sent, far_end.counted()), (40 * 8, (40 * 8, open)));
    let own = std::process::Command::new("nft").args(["list", "chain", "inet", "own", "out"]).output().unwrap();
    let own = String::from_utf8(own.stdout).unwrap();
    assert!(own.contains("counter packets 0 "), "{own}");
}

/// They have no gateway: each has a hardware address of its own, which the kernel asks for.
pub(crate) fn syn_goes_to_neighbours_on_the_link_by_the_kernel() {
    let far_end = FarEnd::start(IcmpErrors::AFew);
    let targets = [GATEWAY, GATEWAY_V6].map(|gateway| SocketAddr::new(gateway.parse().unwrap(), 443));
    let prefixes = targets.map(|target| target.ip().into());
    let (came, _) = block_on(async { asked(&mut syn(&prefixes).await, &targets).await });
    assert_eq!(came, targets.map(|target| (target, Response::Open)).into());
    drop(far_end);
}

/// Only an address that is an interface's answers as itself, or says for itself in IPv6 that a port is closed.
pub(crate) fn datagrams_tell_silence_from_refusals() {
    let far_end = FarEnd::start(IcmpErrors::AFew);
    know_the_gateway();
    let at = |address: IpAddr, port| SocketAddr::new(address, port);
    let [gateway, gateway_v6] = [GATEWAY, GATEWAY_V6].map(|address| address.parse::<IpAddr>().unwrap());
    let mut wanted = Came::from([
        (at(gateway, 3_478), Response::Open),
        (at(gateway_v6, 3_478), Response::Open),
        (at(gateway_v6, 8_801), Response::Closed { ttl: None }),
    ]);
    let mut targets: Vec<SocketAddr> = wanted.keys().copied().collect();
    let others = parts().map(|(part, prefix)| (part, at(nth_of(prefix, 1), 8_801)));
    let others = others.filter(|(part, to)| to.is_ipv4() || matches!(part, Part::Silent | Part::Prohibited));
    for (part, to) in others {
        targets.push(to);
        let response = match part {
            // Nobody listens there.
            Part::Open | Part::Closed => Response::Closed { ttl: None },
            Part::Silent => continue,
            Part::Prohibited => Response::Prohibited { by: Some(sender_for(to.ip())) },
        };
        wanted.insert(to, response);
    }
    let (came, _) = block_on(async { asked(&mut Datagrams::new(WAIT, None, 7).unwrap(), &targets).await });
    assert_eq!(came, wanted);
    drop(far_end);
}

/// Frames from an address of its own are dropped on loopback; packets that the kernel routes are not.
pub(crate) fn syn_asks_what_is_local_to_this_computer() {
    shell(
        "ip link set lo up
         ip route add local 170.114.0.0/16 dev lo
         ip route add local 2407:30c0:180::/48 dev lo",
    );
    let listener = std::net::TcpListener::bind("[::]:443").unwrap();
    let to = |text: &str| text.parse::<SocketAddr>().unwrap();
    let open = [to("170.114.3.4:443"), to("[2407:30c0:180::5]:443")];
    let closed = [to("170.114.255.255:444"), to("[2407:30c0:180:ffff::]:444")];
    let targets = [open, closed].concat();
    let prefixes = ["170.114.0.0/16", "2407:30c0:180::/48"].map(|prefix| prefix.parse().unwrap());
    let (came, _) = block_on(async { asked(&mut syn(&prefixes).await, &targets).await });
    let open = open.map(|to| (to, Response::Open));
    let closed = closed.map(|to| (to, Response::Closed { ttl: Some(64) }));
    assert_eq!(came, [open, closed].concat().into_iter().collect());
    drop(listener);
}

/// The kernel's engines give up before a second neighbour solicitation, which a link that has just come up may need.
fn know_the_gateway() {
    shell(&format!("ip neighbour replace {GATEWAY_V6} lladdr 02:00:00:00:00:02 dev {INTERFACE}"));
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

pub(crate) async fn syn(prefixes: &[IpNet]) -> Syn {
    Syn::new(Arc::from(this_system()), prefixes, WAIT, None, RandomState::new()).await.unwrap()
}

/// Asks all, and hears what comes until nothing came for a while; and how many were asked.
pub(crate) async fn asked(engine: &mut dyn Engine, targets: &[SocketAddr]) -> (Came, usize) {
    let sent = engine.ask(targets).unwrap();
    let (mut returned, mut last) = (Vec::new(), Instant::now());
    while last.elapsed() < WAIT {
        let before = returned.len();
        let _ = tokio::time::timeout(Duration::from_millis(20), engine.ready()).await;
        engine.hear(&mut returned).unwrap();
        if returned.len() > before {
            last = Instant::now();
        }
    }
    (returned.iter().map(|came| (came.to, came.response)).collect(), sent)
}

pub(crate) fn parts() -> impl Iterator<Item = (Part, IpNet)> {
    PARTS.iter().chain(&PARTS_V6).map(|(part, prefix)| (*part, prefix.parse().unwrap()))
}

pub(crate) fn prefixes() -> Vec<IpNet> {
    parts().map(|(_, prefix)| prefix).collect()
}

/// So many addresses of each part of both families, the families by turns.
pub(crate) fn targets(of_each: u8) -> Vec<SocketAddr> {
    (1..=of_each).flat_map(|nth| parts().map(move |(_, prefix)| SocketAddr::new(nth_of(prefix, nth), 443))).collect()
}

pub(crate) fn nth_of(prefix: IpNet, nth: u8) -> IpAddr {
    match prefix.network() {
        IpAddr::V4(first) => IpAddr::from((first.to_bits() + u32::from(nth)).to_be_bytes()),
        IpAddr::V6(first) => IpAddr::from((first.to_bits() + u128::from(nth)).to_be_bytes()),
    }
}

/// Who sends ICMP errors for an address.
fn sender_for(to: IpAddr) -> IpAddr {
    if to.is_ipv4() { GATEWAY } else { GATEWAY_V6 }.parse().unwrap()
}

fn truth(of_each: u8, ttl: Option<u8>) -> Came {
    let response = |part: Part, to| match part {
        Part::Open => Some(Response::Open),
        Part::Closed => Some(Response::Closed { ttl }),
        Part::Silent => None,
        Part::Prohibited => Some(Response::Prohibited { by: Some(sender_for(to)) }),
    };
    let of = |nth| {
        parts().filter_map(move |(part, prefix)| {
            let to = nth_of(prefix, nth);
            Some((SocketAddr::new(to, 443), response(part, to)?))
        })
    };
    (1..=of_each).flat_map(of).collect()
}

/// The kernel's neighbour search may have to ask a second time, after a second.
pub(crate) const WAIT: Duration = Duration::from_millis(1_500);
