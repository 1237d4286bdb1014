//! By which way the packets of an engine leave, where a computer has several.

use std::hash::RandomState;
use std::net::{IpAddr, SocketAddr};
use std::process::Command;
use std::sync::Arc;

use ipnet::IpNet;
use pnet::packet::ipv4::Ipv4Packet;
use tappers::{Interface, Tun};
use why5003_probes::engines::{Connect, Response, Syn};
use why5003_probes::model::CannotProbe;
use why5003_probes::os::this_system;

use crate::ROLE;
use crate::wire::{Came, WAIT, asked, block_on, prefixes, syn};
use crate::world::{FarEnd, GATEWAY, INTERFACE, IcmpErrors, shell};

/// A split tunnel, a second gateway and a rule, each for a part of a prefix that the others go past.
pub(crate) fn syn_goes_where_each_route_inside_a_prefix_leads() {
    let far_end = FarEnd::start(IcmpErrors::AFew);
    second_link(&far_end);
    let tunnel = tunnel();
    shell(
        "ip route add 170.114.10.0/24 dev tunnel
         ip route add 170.114.30.0/24 via 10.0.1.2
         ip rule add to 170.114.40.0/24 lookup 77
         ip route add default dev tunnel table 77",
    );
    let first = to(&["170.114.9.255", "170.114.11.0", "170.114.29.255", "170.114.31.0", "170.114.41.0"]);
    let second = to(&["170.114.30.0", "170.114.30.255"]);
    let tunnelled = to(&["170.114.10.0", "170.114.10.255", "170.114.40.0", "170.114.40.255"]);
    let targets = [&first[..], &second, &tunnelled].concat();
    let (came, _) = block_on(async { asked(&mut syn(&prefixes()).await, &targets).await });
    let answered = [&first[..], &second].concat();
    assert_eq!(came, answered.into_iter().map(|to| (to, Response::Open)).collect());
    assert_eq!(syns_by_the_second(&far_end), second.len());
    assert_eq!(carried(&tunnel), tunnelled.iter().map(|to| (to.ip(), "10.9.0.1".parse().unwrap())).collect::<Vec<_>>());
    drop(far_end);
}

pub(crate) fn syn_has_no_way_where_a_route_refuses_or_a_link_is_down() {
    let far_end = FarEnd::start(IcmpErrors::AFew);
    shell(&format!(
        "ip route add blackhole 170.114.20.0/24
         ip route add prohibit 170.114.21.0/24
         ip route add unreachable 170.114.22.0/24
         ip route add throw 170.114.23.0/24
         ip -6 route add blackhole 2407:30c0:180::20/123
         # A tunnel whose program is gone.
         ip tuntap add dev gone mode tun
         ip link set gone up
         ip route add 170.114.24.0/24 dev gone
         # A cable that is not plugged in.
         ip link add idle type veth peer name unplugged
         ip address add 10.0.3.1/24 dev idle
         ip link set idle up
         ip route add 170.114.25.0/24 via 10.0.3.2
         # A gateway that is not there.
         ip route add 170.114.26.0/24 via 10.0.0.9 dev {INTERFACE} onlink"
    ));
    let none: Vec<SocketAddr> = (20..=26).map(|nth| SocketAddr::new(IpAddr::from([170, 114, nth, 7]), 443)).collect();
    let none = [&none[..], &to(&["2407:30c0:180::2f"])].concat();
    let open = to(&["170.114.19.255", "170.114.27.0", "2407:30c0:180::1f", "2407:30c0:180::40"]);
    let (came, _) = block_on(async { asked(&mut syn(&prefixes()).await, &[&none[..], &open].concat()).await });
    let wanted = none.iter().map(|to| (*to, Response::Unreachable { by: None }));
    assert_eq!(came, wanted.chain(open.iter().map(|to| (*to, Response::Open))).collect::<Came>());
    drop(far_end);
}

pub(crate) fn syn_lets_the_kernel_choose_among_several_next_hops() {
    let far_end = FarEnd::start(IcmpErrors::AFew);
    // On one link, and so of one source.
    enter(&far_end, "ip address add 10.0.0.5/29 dev far");
    shell(&format!(
        "ip address add 10.0.0.1/29 dev {INTERFACE}
         ip route replace 170.114.0.0/16 src 10.0.0.1 nexthop via {GATEWAY} nexthop via 10.0.0.5"
    ));
    let (before, targets) = (neighbours_used(), many());
    let (came, _) = block_on(async { asked(&mut syn(&prefixes()).await, &targets).await });
    assert_eq!(came, targets.iter().map(|to| (*to, Response::Open)).collect());
    assert_eq!((before, neighbours_used()), (0, 2));
    drop(far_end);
}

pub(crate) fn syn_gives_up_where_flows_are_spread_over_several_sources() {
    let far_end = FarEnd::start(IcmpErrors::AFew);
    second_link(&far_end);
    shell(&format!("ip route replace 170.114.0.0/16 nexthop via {GATEWAY} nexthop via 10.0.1.2"));
    let engine = block_on(Syn::new(Arc::from(this_system()), &prefixes(), WAIT, None, RandomState::new()));
    let said = engine.map(|_| ()).unwrap_err();
    assert!(matches!(said, CannotProbe::Unsupported { .. }), "{said}");
    drop(far_end);
}

pub(crate) fn syn_heeds_rules_by_source() {
    let far_end = FarEnd::start(IcmpErrors::AFew);
    second_link(&far_end);
    let tunnel = tunnel();
    // To the kernel's own choice of a source, too, once it is made.
    shell(
        "ip rule add from 10.0.0.1 lookup 78; ip route add default via 10.0.1.2 table 78
         ip rule add from 10.0.1.1 lookup 79; ip route add default dev tunnel table 79",
    );
    let targets = to(&["170.114.1.1", "170.114.2.2"]);
    let swept = |source: Option<IpAddr>| {
        block_on(async {
            let engine = Syn::new(Arc::from(this_system()), &prefixes_v4(), WAIT, source, RandomState::new()).await;
            asked(&mut engine.unwrap(), &targets).await.0
        })
    };
    let opened: Came = targets.iter().map(|to| (*to, Response::Open)).collect();
    assert_eq!((swept(None), syns_by_the_second(&far_end)), (opened.clone(), 2));
    let connected = block_on(async { asked(&mut Connect::new(WAIT, None).unwrap(), &targets).await }).0;
    assert_eq!((connected, syns_by_the_second(&far_end)), (opened, 4));
    let source = "10.0.1.1".parse().unwrap();
    assert_eq!(swept(Some(source)), Came::new());
    assert_eq!(carried(&tunnel), targets.iter().map(|to| (to.ip(), source)).collect::<Vec<_>>());
    drop(far_end);
}

/// As in a container that dropped the right.
pub(crate) fn syn_says_what_it_needs_to_a_root_without_raw_sockets() {
    let bare = ["--bounding-set", "-net_raw", "--inh-caps", "-net_raw"];
    let mut command = Command::new("setpriv");
    let status = command.args(bare).arg(std::env::current_exe().unwrap()).env(ROLE, WITHOUT_RIGHTS).status();
    assert!(status.unwrap().success());
}

/// What is run there.
pub(crate) fn syn_says_what_it_needs() {
    assert!(nix::unistd::geteuid().is_root());
    let engine = block_on(Syn::new(Arc::from(this_system()), &prefixes_v4(), WAIT, None, RandomState::new()));
    let said = engine.map(|_| ()).unwrap_err();
    assert!(matches!(said, CannotProbe::Unprivileged { .. }), "{said}");
}

/// A virtual private network by policies has no route of its own; one that blocks shows where packets went.
pub(crate) fn syn_does_not_pass_by_a_policy_of_ipsec() {
    let far_end = FarEnd::start(IcmpErrors::AFew);
    shell("ip xfrm policy add dir out src 10.0.0.1/32 dst 170.114.10.0/24 action block");
    let (blocked, open) = (to(&["170.114.10.7"]), to(&["170.114.9.7"]));
    let (came, _) = block_on(async { asked(&mut syn(&prefixes()).await, &[&blocked[..], &open].concat()).await });
    let wanted = [(blocked[0], Response::Unreachable { by: None }), (open[0], Response::Open)];
    assert_eq!(came, wanted.into());
    drop(far_end);
}

/// As routers announce themselves (RFC 4861): it stands on every link, so the interface counts.
pub(crate) fn syn_finds_a_gateway_by_its_link_local_address() {
    let far_end = FarEnd::start(IcmpErrors::AFew);
    enter(&far_end, "ip address add fe80::77/64 dev far nodad");
    shell(&format!("ip -6 route replace 2407:30c0:180::/48 via fe80::77 dev {INTERFACE}"));
    let targets = to(&["2407:30c0:180::7"]);
    let (came, _) = block_on(async { asked(&mut syn(&prefixes()).await, &targets).await });
    assert_eq!(came, [(targets[0], Response::Open)].into());
    drop(far_end);
}

/// A second cable to the same far end, which counts the SYNs that come by it.
pub(crate) fn second_link(far_end: &FarEnd) {
    let far = far_end.id();
    shell(&format!(
        "ip link add second type veth peer name far2 netns {far}
         ip address add 10.0.1.1/30 dev second
         ip link set second up"
    ));
    enter(
        far_end,
        "ip address add 10.0.1.2/30 dev far2
         ip link set far2 up
         nft 'table inet second { counter syns {};
           chain first { type filter hook prerouting priority 0; iifname far2 tcp flags & (syn | ack) == syn counter name syns; }; }'",
    );
}

fn syns_by_the_second(far_end: &FarEnd) -> usize {
    let said = enter(far_end, "nft list counter inet second syns");
    let count = said.split_whitespace().skip_while(|word| *word != "packets").nth(1);
    count.unwrap().parse().unwrap()
}

/// Runs lines of shell where the far end is.
pub(crate) fn enter(far_end: &FarEnd, lines: &str) -> String {
    let target = far_end.id().to_string();
    let said = Command::new("nsenter").args(["--net", "--target", &target, "sh", "-ec", lines]).output().unwrap();
    assert!(said.status.success(), "{lines}\n{}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).unwrap()
}

/// A tunnel whose program listens and says nothing.
fn tunnel() -> Tun {
    let mut tunnel = Tun::new_named(Interface::new("tunnel").unwrap()).unwrap();
    tunnel.set_nonblocking(true).unwrap();
    shell("ip address add 10.9.0.1/32 dev tunnel; ip link set tunnel up");
    tunnel
}

/// Where the SYNs were for that came into it, and from where.
fn carried(tunnel: &Tun) -> Vec<(IpAddr, IpAddr)> {
    let mut bytes = [0; 1_500];
    std::iter::from_fn(|| tunnel.recv(&mut bytes).ok().map(|length| bytes[..length].to_vec()))
        .filter_map(|bytes| {
            let ip = Ipv4Packet::new(&bytes).filter(|ip| ip.get_version() == 4)?;
            Some((ip.get_destination().into(), ip.get_source().into()))
        })
        .collect()
}

/// How many of the two gateways the kernel has looked for.
fn neighbours_used() -> usize {
    let said = Command::new("ip").args(["-4", "neighbour", "show", "dev", INTERFACE]).output().unwrap();
    String::from_utf8(said.stdout).unwrap().lines().filter(|line| line.contains("lladdr")).count()
}

/// Of the part that is open.
fn many() -> Vec<SocketAddr> {
    (0..64).map(|nth| SocketAddr::new(IpAddr::from([170, 114, nth, 1]), 443)).collect()
}

pub(crate) fn to(addresses: &[&str]) -> Vec<SocketAddr> {
    addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 443)).collect()
}

/// The part of a process that has dropped the right to raw sockets.
pub(crate) const WITHOUT_RIGHTS: &str = "without rights";

fn prefixes_v4() -> Vec<IpNet> {
    prefixes().into_iter().filter(|prefix| prefix.addr().is_ipv4()).collect()
}
