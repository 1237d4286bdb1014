//! The way from the client to the world: namespaces, links, addresses, routes, and what the scenario breaks of it.
//!
//! client - office - edge - isp - transit - world. Link N is 10.0.N.0/24 (and 2a01:4f8:N::/64), the nearer end .2 of the first
//! and .1 of the others.

use std::fs;
use std::process::{Command, Stdio};

use crate::inside::LAB;
use crate::line;
use crate::scenario::{Ipv6, Place, Scenario};

/// From the client outwards.
const PLACES: [&str; 6] = ["client", "office", "edge", "isp", "transit", "world"];

/// What the world owns.
const OWNED: &[&str] = &[
    // Zoom's, of the shipped catalogue, and the CDN's that it uses.
    "3.235.82.0/23",
    "13.32.0.0/24",
    "52.84.151.0/24",
    "134.224.0.0/16",
    "144.195.0.0/16",
    "149.137.0.0/17",
    "162.255.36.0/22",
    "170.114.0.0/16",
    "206.247.0.0/16",
    "64.211.144.0/24",
    "159.124.0.0/16",
    "168.140.0.0/17",
    "198.251.128.0/17",
    // The status page, controls, resolvers, portals, STUN.
    "52.1.1.0/24",
    "1.1.1.1/32",
    "8.8.8.8/32",
    "9.9.9.9/32",
    "93.184.216.34/32",
    "192.0.43.8/32",
    "185.15.59.224/32",
    "23.45.67.8/32",
    "34.107.221.82/32",
    "142.250.1.94/32",
    "17.253.1.1/32",
    "74.125.1.127/32",
    "162.159.207.0/32",
    // Canaries: dropped.
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
];

const OWNED6: &[&str] = &[
    "2407:30c0::/32",
    "2600:9000:2600::/48",
    "2620:123:2000::/40",
    "2606:2800:21f::/48",
    "2620:0:2d0::/48",
    "2a02:ec80:300::/48",
    "2606:4700:4700::/48",
    "2001:4860:4860::/48",
    "2620:fe::/48",
    "2600:1901::/32",
    "2a00:1450::/32",
];

/// Makes the way, whole; `name` is the scenario's.
pub(crate) fn build(scenario: &Scenario, name: &str) {
    for place in PLACES {
        sh(&format!("ip netns add {place}"));
        let forward = "net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1";
        let forward = if place == "client" { "net.ipv4.ping_group_range='0 2147483647'" } else { forward };
        within(
            place,
            &format!(
                "ip link set lo up; sysctl -qw {forward} net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0"
            ),
        );
    }
    for (index, pair) in PLACES.windows(2).enumerate() {
        let (near, far) = (pair[0], pair[1]);
        match &scenario.line {
            Some(line) if far == "world" => line::lay(line, name),
            _ => cable(near, far),
        }
        addresses(index + 1, near, far);
    }
    routes();
    match scenario.client.ipv6 {
        Ipv6::None => {}
        Ipv6::Works => six(),
        Ipv6::Dead => {
            six();
            rules("office", "inet dead6", "chain f { type filter hook forward priority 0; meta nfproto ipv6 drop; }");
        }
        Ipv6::Only => {
            six();
            within("client", "ip -4 addr flush dev to-office");
        }
    }
    rules(
        "client",
        "inet counted",
        "counter sent {}\nchain o { type filter hook postrouting priority 300; oifname \"to-office\" counter name sent; }",
    );
}

/// A cable between two places. Offloads are off: what a packet's size is on a wire matters here.
fn cable(near: &str, far: &str) {
    sh(&format!("ip link add name to-{far} netns {near} type veth peer name to-{near} netns {far}"));
    for (place, other) in [(near, far), (far, near)] {
        within(place, &format!("ethtool -K to-{other} tx off rx off tso off gso off gro off >/dev/null"));
    }
}

fn addresses(number: usize, near: &str, far: &str) {
    for (place, other, end) in
        [(near, far, if number == 1 { 2 } else { 1 }), (far, near, if number == 1 { 1 } else { 2 })]
    {
        within(place, &format!("ip addr add 10.0.{number}.{end}/24 dev to-{other}; ip link set to-{other} up"));
    }
}

fn routes() {
    within("client", "ip route add default via 10.0.1.1");
    for (index, place) in PLACES.iter().enumerate().take(5).skip(1) {
        within(place, &format!("ip route add default via 10.0.{}.2", index + 1));
        for behind in 1..index {
            within(
                place,
                &format!("ip route add 10.0.{behind}.0/24 via 10.0.{index}.{}", if index == 1 { 2 } else { 1 }),
            );
        }
    }
    within("world", "ip route add 10.0.0.0/16 via 10.0.5.1");
    let owned: Vec<String> = OWNED.iter().map(|prefix| format!("route add local {prefix} dev lo")).collect();
    batch("world", "ip -batch -", &owned.join("\n"));
}

fn six() {
    for (index, pair) in PLACES.windows(2).enumerate() {
        let number = index + 1;
        let (near, far) = if number == 1 { (2, 1) } else { (1, 2) };
        within(pair[0], &format!("ip -6 addr add 2a01:4f8:{number}::{near}/64 dev to-{} nodad", pair[1]));
        within(pair[1], &format!("ip -6 addr add 2a01:4f8:{number}::{far}/64 dev to-{} nodad", pair[0]));
    }
    within("client", "ip -6 route add default via 2a01:4f8:1::1");
    for (index, place) in PLACES.iter().enumerate().take(5).skip(1) {
        within(place, &format!("ip -6 route add default via 2a01:4f8:{}::2", index + 1));
        for behind in 1..index {
            within(place, &format!("ip -6 route add 2a01:4f8:{behind}::/64 via 2a01:4f8:{index}::1"));
        }
    }
    within("world", "ip -6 route add 2a01:4f8::/32 via 2a01:4f8:5::1");
    let owned: Vec<String> = OWNED6.iter().map(|prefix| format!("route add local {prefix} dev lo")).collect();
    batch("world", "ip -6 -batch -", &owned.join("\n"));
}

/// The scenario's rules and commands, place by place.
pub(crate) fn break_it(scenario: &Scenario) {
    let places = places(scenario);
    for (name, place) in &places {
        if let Some(nft) = &place.nft {
            let sets = include_str!("world/sets.nft");
            rules(name, "inet fault", &format!("{sets}\n{}", nft.replace("$LAB", LAB)));
        }
        for command in &place.run {
            within(name, command);
        }
    }
}

/// Every place with its name.
pub(crate) fn places(scenario: &Scenario) -> [(&'static str, Place); 6] {
    [
        ("client", scenario.client.place()),
        ("office", scenario.office.place()),
        ("edge", scenario.edge.clone()),
        ("isp", scenario.isp.clone()),
        ("transit", scenario.transit.clone()),
        ("world", scenario.world.place()),
    ]
}

/// Packets and bytes that left the client so far.
pub(crate) fn sent() -> (u64, u64) {
    let said = Command::new("ip")
        .args(["netns", "exec", "client", "nft", "list", "counter", "inet", "counted", "sent"])
        .output()
        .unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    let number = |after: &str| {
        text.split_once(after).and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    };
    (number("packets "), number("bytes "))
}

/// Loads a table of nftables at a place.
pub(crate) fn rules(place: &str, table: &str, body: &str) {
    batch(place, "nft -f -", &format!("table {table} {{\n{body}\n}}\n"));
}

/// A shell command at a place; the scenario's directory is `$LAB`.
pub(crate) fn within(place: &str, command: &str) {
    done(Command::new("ip").args(["netns", "exec", place, "sh", "-ec", command]).env("LAB", LAB), command);
}

/// A command at a place that reads a file of orders.
fn batch(place: &str, command: &str, orders: &str) {
    let file = format!("{LAB}/orders");
    fs::write(&file, orders).unwrap();
    done(Command::new("ip").args(["netns", "exec", place, "sh", "-ec", &format!("{command} <{file}")]), orders);
}

/// A shell command of the nest.
pub(crate) fn sh(command: &str) {
    done(Command::new("sh").args(["-ec", command]), command);
}

fn done(command: &mut Command, shown: &str) {
    let said = command.stdin(Stdio::null()).output().unwrap();
    assert!(said.status.success(), "{shown}\n{}", String::from_utf8_lossy(&said.stderr));
}
