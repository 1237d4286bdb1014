//! The network that is swept: a namespace that owns two prefixes of Zoom's, in four parts.

use std::io::{BufRead, BufReader, Lines, Write};
use std::net::{Ipv4Addr, UdpSocket};
use std::process::{Child, ChildStdout, Command, Stdio};

use ipnet::Ipv4Net;
use serde_json::Value;
use socket2::{Domain, Protocol, Socket, Type};

use super::ROLE;

/// What stands behind an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Open,
    Closed,
    Silent,
    Prohibited,
}

/// How many ICMP errors the far end sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IcmpErrors {
    /// A few, then one a second to each computer that asked, or ten of IPv6: what Linux sends unless it is told otherwise.
    AFew,
    /// One for each packet, as a firewall that was built for it does.
    All,
}

/// All that is swept.
pub(crate) const PREFIXES: [&str; 2] = ["159.124.0.0/16", "170.114.0.0/16"];
/// The parts, each as large as the others.
pub(crate) const PARTS: [(Part, &str); 4] = [
    (Part::Open, "170.114.0.0/17"),
    (Part::Closed, "170.114.128.0/17"),
    (Part::Silent, "159.124.0.0/17"),
    (Part::Prohibited, "159.124.128.0/17"),
];
/// Four times as many.
const MORE: &str = "10.128.0.0/13";
/// Its parts.
pub(crate) const PARTS_MORE: [(Part, &str); 4] = [
    (Part::Open, "10.128.0.0/15"),
    (Part::Closed, "10.130.0.0/15"),
    (Part::Silent, "10.132.0.0/15"),
    (Part::Prohibited, "10.134.0.0/15"),
];
/// The same of IPv6, which is swept in samples.
pub(crate) const PARTS_V6: [(Part, &str); 4] = [
    (Part::Open, "2407:30c0:180::/64"),
    (Part::Closed, "2407:30c0:180:1::/64"),
    (Part::Silent, "2407:30c0:180:2::/64"),
    (Part::Prohibited, "2407:30c0:180:3::/64"),
];
/// The interface towards it.
pub(crate) const INTERFACE: &str = "near";
pub(crate) const OWN: &str = "10.0.0.1";
pub(crate) const GATEWAY: &str = "10.0.0.2";
pub(crate) const GATEWAY_V6: &str = "2001:db8::2";
pub(crate) const OWN_MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];
pub(crate) const GATEWAY_MAC: [u8; 6] = [2, 0, 0, 0, 0, 2];

/// The part that an address stands in.
pub(crate) fn part(address: Ipv4Addr) -> Option<Part> {
    let mut parts = PARTS.iter().chain(&PARTS_MORE);
    parts.find(|(_, prefix)| prefix.parse::<Ipv4Net>().unwrap().contains(&address)).map(|(part, _)| *part)
}

/// A far end that is up; gone when this is dropped.
pub(crate) struct FarEnd {
    process: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl FarEnd {
    /// Starts it and joins it to this namespace.
    pub(crate) fn start(errors: IcmpErrors) -> Self {
        let mut child = Command::new("unshare")
            .arg("--net")
            .arg(std::env::current_exe().unwrap())
            .args((errors == IcmpErrors::All).then_some(ALL_ERRORS))
            .env(ROLE, "far-end")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(said.next().unwrap().unwrap(), "there");
        let far = child.id();
        shell(&format!(
            "ip link set lo up
             ip link add {INTERFACE} address 02:00:00:00:00:01 type veth peer name far address 02:00:00:00:00:02 netns {far}
             ip address add {OWN}/30 dev {INTERFACE}
             ip address add 2001:db8::1/64 dev {INTERFACE} nodad
             ip link set {INTERFACE} up"
        ));
        child.stdin.as_mut().unwrap().write_all(b"joined\n").unwrap();
        assert_eq!(said.next().unwrap().unwrap(), "ready");
        for prefix in PREFIXES.iter().chain(&[MORE]) {
            shell(&format!("ip route add {prefix} via {GATEWAY}"));
        }
        shell(&format!("ip route add 2407:30c0:180::/48 via {GATEWAY_V6}"));
        Self { process: child, said }
    }

    /// Its process, and so its namespace.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// SYNs and RSTs that came to it so far.
    pub(crate) fn counted(&mut self) -> (u64, u64) {
        self.process.stdin.as_mut().unwrap().write_all(b"counted\n").unwrap();
        let said = self.said.next().unwrap().unwrap();
        let (syns, resets) = said.split_once(' ').unwrap();
        (syns.parse().unwrap(), resets.parse().unwrap())
    }
}

impl Drop for FarEnd {
    fn drop(&mut self) {
        // The kernel takes its time with a namespace that nobody is in any more; the next far end needs the interface's name.
        drop(Command::new("ip").args(["link", "delete", INTERFACE]).status());
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}

/// The far end's own process.
pub(crate) fn far_end() {
    println!("there");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let rule = |family: &str, icmp: &str, (part, prefix): &(Part, &str)| match part {
        Part::Open => String::new(),
        Part::Closed => format!("{family} daddr {prefix} meta l4proto tcp reject with tcp reset;"),
        Part::Silent => format!("{family} daddr {prefix} drop;"),
        Part::Prohibited => format!("{family} daddr {prefix} reject with {icmp} type admin-prohibited;"),
    };
    let rules: String = PARTS.iter().chain(&PARTS_MORE).map(|part| rule("ip", "icmp", part)).collect();
    let rules_v6: String = PARTS_V6.iter().map(|part| rule("ip6", "icmpv6", part)).collect();
    let mut routes: Vec<String> =
        PREFIXES.iter().chain(&[MORE]).map(|prefix| format!("ip route add local {prefix} dev lo")).collect();
    // What is prohibited would be passed on, so that the firewall speaks for itself: an address of its own says so in its own name.
    // These are looked up with the others, and are narrower.
    let prohibited = PARTS.iter().chain(&PARTS_MORE).filter(|(part, _)| *part == Part::Prohibited);
    routes.extend(prohibited.map(|(_, prefix)| format!("ip route add {prefix} dev lo table local")));
    let routes = routes.join("\n");
    let all_errors = std::env::args().any(|argument| argument == ALL_ERRORS);
    // Which types are limited: none of the errors.
    let errors = if all_errors { "net.ipv4.icmp_ratemask=0 net.ipv6.icmp.ratemask=127" } else { "" };
    shell(&format!(
        "ip link set lo up
         ip address add {GATEWAY}/30 dev far
         ip address add {GATEWAY_V6}/64 dev far nodad
         ip link set far up
         # The way back is known: only the search for the gateway is ours.
         ip neighbour replace 2001:db8::1 lladdr 02:00:00:00:00:01 dev far
         {routes}
         sysctl -qw net.ipv4.ip_forward=1
         ip -6 route add local 2407:30c0:180::/48 dev lo
         sysctl -qw net.ipv4.tcp_max_syn_backlog=262144 net.core.somaxconn=65535 net.ipv4.tcp_syncookies=0
         # What the one before closed without a RST answers no SYN of the next from the same port.
         sysctl -qw net.ipv4.tcp_max_tw_buckets=0 {errors}
         nft 'table inet parts {{
           counter syns {{}}
           counter resets {{}}
           chain first {{ type filter hook prerouting priority 0;
             tcp flags & (syn | ack) == syn counter name syns; tcp flags & rst == rst counter name resets; }}
           chain input {{ type filter hook input priority 0; {rules} {rules_v6} }}
           chain forward {{ type filter hook forward priority 0; {rules} }}
         }}'"
    ));
    serve();
    println!("ready");
    // Whoever asks is told what was counted, until nobody is there to ask.
    while std::io::stdin().read_line(&mut line).unwrap() > 0 {
        let [syns, resets] = ["syns", "resets"].map(counted);
        println!("{syns} {resets}");
    }
}

/// Takes connections and answers datagrams, in threads that end with the process.
fn serve() {
    let listener = Socket::new(Domain::IPV6, Type::STREAM, Some(Protocol::TCP)).unwrap();
    listener.bind(&"[::]:443".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    listener.listen(65_535).unwrap();
    let listener = std::net::TcpListener::from(listener);
    std::thread::spawn(move || {
        for accepted in listener.incoming() {
            drop(accepted);
        }
    });
    let responder = UdpSocket::bind("[::]:3478").unwrap();
    std::thread::spawn(move || {
        let mut bytes = [0; 1_500];
        while let Ok((length, from)) = responder.recv_from(&mut bytes) {
            drop(responder.send_to(&bytes[..length], from));
        }
    });
}

/// Packets that a counter of the rules counted.
fn counted(counter: &str) -> u64 {
    let said = Command::new("nft").args(["-j", "list", "counter", "inet", "parts", counter]).output().unwrap();
    let said: Value = serde_json::from_slice(&said.stdout).unwrap();
    said["nftables"][1]["counter"]["packets"].as_u64().unwrap()
}

/// Given to the far end's process that is to send an ICMP error for each packet.
const ALL_ERRORS: &str = "all-errors";

/// Runs lines of shell, each of which must do.
pub(crate) fn shell(lines: &str) {
    let status = Command::new("sh").args(["-ec", lines]).status().unwrap();
    assert!(status.success(), "{lines}");
}
