//! The network that is swept: a namespace that owns two prefixes of Zoom's, in four parts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};

use ipnet::Ipv4Net;
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

/// All that is swept.
pub(crate) const PREFIXES: [&str; 2] = ["159.124.0.0/16", "170.114.0.0/16"];
/// The parts, each as large as the others.
pub(crate) const PARTS: [(Part, &str); 4] = [
    (Part::Open, "170.114.0.0/17"),
    (Part::Closed, "170.114.128.0/17"),
    (Part::Silent, "159.124.0.0/17"),
    (Part::Prohibited, "159.124.128.0/17"),
];
/// The interface towards it.
pub(crate) const INTERFACE: &str = "near";
pub(crate) const OWN: &str = "10.0.0.1";
pub(crate) const OWN_MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];
pub(crate) const GATEWAY_MAC: [u8; 6] = [2, 0, 0, 0, 0, 2];

/// The part that an address stands in.
pub(crate) fn part(address: Ipv4Addr) -> Option<Part> {
    PARTS.iter().find(|(_, prefix)| prefix.parse::<Ipv4Net>().unwrap().contains(&address)).map(|(part, _)| *part)
}

/// A far end that is up; gone when this is dropped.
pub(crate) struct FarEnd(Child);

impl FarEnd {
    /// Starts it and joins it to this namespace.
    pub(crate) fn start() -> Self {
        let mut child = Command::new("unshare")
            .arg("--net")
            .arg(std::env::current_exe().unwrap())
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
             ip link set {INTERFACE} up"
        ));
        child.stdin.as_mut().unwrap().write_all(b"joined\n").unwrap();
        assert_eq!(said.next().unwrap().unwrap(), "ready");
        for prefix in PREFIXES {
            shell(&format!("ip route add {prefix} via 10.0.0.2"));
        }
        // Two more ends, since a reader that is dropped closes the pipe.
        std::mem::forget(said);
        Self(child)
    }
}

impl Drop for FarEnd {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

/// The far end's own process.
pub(crate) fn far_end() {
    println!("there");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let rules: String = PARTS
        .iter()
        .map(|(part, prefix)| match part {
            Part::Open => String::new(),
            Part::Closed => format!("ip daddr {prefix} meta l4proto tcp reject with tcp reset;"),
            Part::Silent => format!("ip daddr {prefix} drop;"),
            Part::Prohibited => format!("ip daddr {prefix} reject with icmp type admin-prohibited;"),
        })
        .collect();
    let routes: String = PREFIXES.iter().map(|prefix| format!("ip route add local {prefix} dev lo\n")).collect();
    shell(&format!(
        "ip link set lo up
         ip address add 10.0.0.2/30 dev far
         ip link set far up
         {routes}
         sysctl -qw net.ipv4.tcp_max_syn_backlog=262144 net.core.somaxconn=65535 net.ipv4.tcp_syncookies=0
         nft 'table ip parts {{ chain input {{ type filter hook input priority 0; {rules} }}; }}'"
    ));
    let listener = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).unwrap();
    listener.bind(&"0.0.0.0:443".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    listener.listen(65_535).unwrap();
    let listener = std::net::TcpListener::from(listener);
    std::thread::spawn(move || {
        for accepted in listener.incoming() {
            drop(accepted);
        }
    });
    println!("ready");
    std::io::stdin().read_to_string(&mut line).unwrap();
}

/// Runs lines of shell, each of which must do.
pub(crate) fn shell(lines: &str) {
    let status = Command::new("sh").args(["-ec", lines]).status().unwrap();
    assert!(status.success(), "{lines}");
}
