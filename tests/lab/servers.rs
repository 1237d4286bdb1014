//! The servers of a scenario: nginx and unbound in the world, dnsmasq at the office, and what the scenario starts.

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::inside::LAB;
use crate::network::{places, within};
use crate::scenario::{Ipv6, Scenario, World};

/// The longest that a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(15);

/// Starts them and waits until each listens.
pub(crate) fn start(scenario: &Scenario) {
    write("names.conf", &names(include_str!("world/names.txt"), &scenario.world.names));
    write("sets.nft", include_str!("world/sets.nft"));
    write("world.nft", include_str!("world/world.nft"));
    write("nginx.conf", &nginx(&scenario.world));
    let more = lines("  ", &scenario.world.unbound);
    write("unbound.conf", &format!("{}{more}", include_str!("world/unbound.conf")));
    within("world", "nft -f $LAB/world.nft");
    run("world", "nginx -c $LAB/nginx.conf");
    run("world", "unbound -d -c $LAB/unbound.conf");
    if scenario.client.ipv6 == Ipv6::Only {
        translate();
    } else {
        let more = lines("", &scenario.office.dnsmasq);
        write("dnsmasq.conf", &format!("{}{more}", include_str!("world/dnsmasq.conf")));
        run("office", "dnsmasq -C $LAB/dnsmasq.conf");
        // A scenario that brings a resolver of its own turns this one off.
        if !scenario.office.dnsmasq.iter().any(|line| line == "port=0") {
            listens("office", "10.0.1.1:53");
        }
    }
    for port in ["443", "80", "53", "853", "8443"] {
        listens("world", &format!("*:{port}"));
    }
    for (name, place) in places(scenario) {
        for server in &place.start {
            run(name, &server.command);
            if let Some(address) = &server.ready {
                listens(name, address);
            }
        }
    }
}

/// NAT64 (RFC 6146) by tayga and DNS64 (RFC 6147) by unbound, at the office.
fn translate() {
    write("tayga.conf", include_str!("world/tayga.conf"));
    write("dns64.conf", include_str!("world/dns64.conf"));
    within(
        "office",
        "tayga -c $LAB/tayga.conf --mktun && ip link set nat64 up && ip addr add 192.168.64.1/32 dev nat64",
    );
    within("office", "ip route add 192.168.64.0/24 dev nat64 && ip -6 route add 64:ff9b::/96 dev nat64");
    within("office", "iptables -t nat -A POSTROUTING -s 192.168.64.0/24 -o to-edge -j MASQUERADE");
    run("office", "tayga -d -c $LAB/tayga.conf");
    run("office", "unbound -d -c $LAB/dns64.conf");
    listens("office", "*:53");
}

fn nginx(world: &World) -> String {
    let says = match world.zoom_http {
        None => "return 301 https://www.zoom.com/".to_owned(),
        Some(status) => format!("return {status}"),
    };
    include_str!("world/nginx.conf")
        .replace("@ZOOM_SAYS@", &says)
        .replace("@STATUS_PAGE@", world.status_page.as_deref().unwrap_or("none"))
}

/// A name and an address a line, as unbound wants it.
fn names(table: &str, more: &[String]) -> String {
    let mut records = String::new();
    for line in table.lines().chain(more.iter().map(String::as_str)).filter(|line| !line.starts_with('#')) {
        let (name, address) = line.split_once(' ').unwrap_or_else(|| panic!("no name and address: {line}"));
        let kind = if address.contains(':') { "AAAA" } else { "A" };
        writeln!(records, "local-data: \"{name}. 60 IN {kind} {address}\"").unwrap();
    }
    records
}

/// Each on a line of its own.
pub(crate) fn lines(before: &str, texts: &[String]) -> String {
    let mut lines = String::new();
    for text in texts {
        writeln!(lines, "{before}{text}").unwrap();
    }
    lines
}

fn write(name: &str, text: &str) {
    fs::write(format!("{LAB}/{name}"), text.replace("@LAB@", LAB).replace("$LAB", LAB)).unwrap();
}

/// Starts a server at a place.
#[expect(clippy::zombie_processes, reason = "it ends with the nest")]
fn run(place: &str, command: &str) {
    let log = fs::File::options().create(true).append(true).open(format!("{LAB}/servers.log")).unwrap();
    Command::new("ip")
        .args(["netns", "exec", place, "sh", "-ec", &format!("exec {command}")])
        .env("LAB", LAB)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap();
}

/// Waits until someone listens there: the kernel's own list is asked, since a connection would be an event for the server.
fn listens(place: &str, address: &str) {
    let start = Instant::now();
    let (host, port) = address.rsplit_once(':').unwrap();
    while start.elapsed() < PATIENCE {
        let said = Command::new("ip")
            .args(["netns", "exec", place, "ss", "-Hltn", &format!("sport = :{port}")])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        if text.lines().any(|line| {
            host == "*"
                || line.contains(&format!("{host}:{port} "))
                || line.contains(&format!("*:{port} "))
                || line.contains(&format!("0.0.0.0:{port} "))
        }) {
            return;
        }
        sleep(Duration::from_millis(20));
    }
    let log = fs::read_to_string(format!("{LAB}/servers.log")).unwrap_or_default();
    panic!("nobody listens at {address} of {place}\n{log}");
}
