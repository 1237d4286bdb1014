//! Linux's own firewalls read the exported rules, let out what these say, and count everything else.
//!
//! In a network where every address is this computer, so that nothing leaves it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::namespace::{self, Inside};
use crate::program::{bare, inside, run};

/// Why the firewalls can't be tried here, if they can't.
pub(crate) fn lacking() -> Option<String> {
    let script = format!("{EVERYWHERE}\nnft list ruleset && iptables -S && ip6tables -S && type awk bash");
    let words = namespace::words(Inside::Loopback);
    let mut command = Command::new(words[0]);
    let output = command.args(&words[1..]).args(["sh", "-ec", &script]).output();
    (!output.is_ok_and(|output| output.status.success()))
        .then(|| "a namespace here has no local routes, no nft, no iptables, no awk or no bash".to_owned())
}

/// Both tools, on every file of rules that the tests keep, hostile texts among them.
pub(crate) fn every_file_of_rules_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut nft, mut iptables) = (0, 0);
    for file in &files {
        let script = match file.extension().and_then(|extension| extension.to_str()) {
            Some("nft") => {
                nft += 1;
                "nft -c -f \"$1\""
            }
            Some("rules") => {
                iptables += 1;
                "iptables-restore --test \"$1\"; ip6tables-restore --test \"$1\""
            }
            _ => continue,
        };
        assert_eq!(told(script, &[file.to_str().unwrap()]), "", "{}", file.display());
    }
    assert!(nft > 1 && iptables > 1, "{nft} {iptables}");
}

pub(crate) fn nftables_lets_out_what_the_rules_say() {
    decides("nftables", NFTABLES);
}

pub(crate) fn iptables_lets_out_what_the_rules_say() {
    decides("iptables", IPTABLES);
}

/// Loads the built-in catalogue's rules and sends a packet to every target: what the rules do not let out is counted.
fn decides(format: &str, script: &str) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("exported.{format}"));
    let file = file.to_str().unwrap();
    let exported = run(&mut inside(Inside::Loopback, &["catalogue", "export", "--as", format, "--out", file]));
    assert_eq!((exported.code, exported.out.as_str(), exported.err.as_str()), (0, "", ""));
    let targets: Vec<&str> = LET_OUT.iter().chain(OTHERS).copied().collect();
    let words: Vec<&str> = [file].into_iter().chain(targets.iter().copied()).collect();
    let told = told(&format!("{EVERYWHERE}\n{script}"), &words);
    let counted: Vec<(&str, &str)> = targets.iter().copied().zip(told.lines()).collect();
    let expected: Vec<(&str, &str)> =
        LET_OUT.iter().map(|target| (*target, "0")).chain(OTHERS.iter().map(|target| (*target, "1"))).collect();
    assert_eq!(counted, expected);
}

/// A sweep behind a firewall that blocks parts of a prefix: the rules that it writes let exactly those out, and then a sweep
/// finds none missing.
pub(crate) fn the_rules_of_a_sweep_close_the_gap_that_it_found() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let [before, after] = ["gap.nft", "gap.csv"].map(|name| folder.join(name));
    let words = [env!("CARGO_BIN_EXE_why5003"), before.to_str().unwrap(), after.to_str().unwrap()];
    assert_eq!(told(SWEPT_TWICE, &words), "2 3\n", "the exit codes of both sweeps");
    let rules = fs::read_to_string(before).unwrap();
    let elements: Vec<&str> = rules.lines().map(str::trim).filter(|line| line.starts_with("3.7.35.")).collect();
    assert_eq!(elements, ["3.7.35.0/26,", "3.7.35.96/27", "3.7.35.0/25", "3.7.35.64/26"], "{rules}");
    for ports in ["443", "8802", "20000-64000"] {
        assert!(rules.contains(&format!("dport {{ {ports} }}")), "{rules}");
    }
    let words = rules.replace("\n#  ", "");
    let asked = "\n# tcp/20000-64000 was tested at ports 20000, 31000, 42000, 53000, 64000. tcp/20000-64000 is blocked";
    assert!(words.contains(asked), "{rules}");
    assert!(!fs::read_to_string(after).unwrap().contains("3.7.35."));
}

/// Whoever has loaded all that is needed, and then what was missing, has both.
pub(crate) fn the_rules_of_a_gap_leave_all_others_where_they_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    for (ending, script) in [("nftables.nft", BOTH_NFTABLES), ("iptables.rules", BOTH_IPTABLES)] {
        let [all, gap] = ["small", "gap"].map(|name| folder.join(format!("{name}.{ending}")));
        assert_eq!(told(script, &[all.to_str().unwrap(), gap.to_str().unwrap()]), "kept\nnew\n", "{ending}");
    }
}

/// What a script prints, in a namespace of its own.
#[track_caller]
fn told(script: &str, words: &[&str]) -> String {
    let mut shell = namespace::words(Inside::Loopback);
    shell.extend(["bash", "-ec", script, "bash"]);
    let ran = run(&mut bare(&shell, words));
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    ran.out
}

/// Every address of both families is this computer.
const EVERYWHERE: &str = "ip route add local default dev lo && ip -6 route add local default dev lo";

/// Twice, as after an update of the catalogue.
const NFTABLES: &str = r#"
    nft -c -f "$1"; nft -f "$1"; nft -f "$1"; shift
    nft "table inet filter {
        counter other { }
        chain out {
            type filter hook output priority 0
            jump zoom_out
            tcp flags & (syn | ack) == syn counter name other
            meta l4proto udp counter name other
        }
    }"
    for target; do
        { echo > "/dev/$target"; } 2> /dev/null || true
        nft reset counter inet filter other | awk '$1 == "packets" { print $2 }'
    done"#;

const IPTABLES: &str = r#"
    for tool in iptables ip6tables; do
        $tool-restore --test "$1"; $tool-restore --noflush "$1"; $tool-restore --noflush "$1"
        $tool -N other; $tool -A other
        $tool -A OUTPUT -j zoom; $tool -A OUTPUT -p tcp --syn -j other; $tool -A OUTPUT -p udp -j other
    done
    shift
    for target; do
        { echo > "/dev/$target"; } 2> /dev/null || true
        for tool in iptables ip6tables; do $tool -nvxL other 1; $tool -Z other; done | awk '{ sum += $1 } END { print sum }'
    done"#;

/// What was there before is there after it, and what is new is as if it were alone.
const BOTH_NFTABLES: &str = r#"
    kept() { nft list ruleset | sort; }
    nft -f "$1"; before=$(kept)
    nft -f "$2"; after=$(kept)
    nft flush ruleset; nft -f "$2"; alone=$(kept)
    [ -z "$(comm -23 <(echo "$before") <(echo "$after"))" ] && echo kept
    [ -z "$(comm -23 <(echo "$alone") <(echo "$after"))" ] && echo new"#;

const BOTH_IPTABLES: &str = r#"
    kept() { { iptables -S; ip6tables -S; } | sort; }
    load() { iptables-restore --noflush "$1"; ip6tables-restore --noflush "$1"; }
    load "$1"; before=$(kept)
    load "$2"; after=$(kept)
    for tool in iptables ip6tables; do $tool -F; $tool -X; done
    load "$2"; alone=$(kept)
    [ -z "$(comm -23 <(echo "$before") <(echo "$after"))" ] && echo kept
    [ -z "$(comm -23 <(echo "$alone") <(echo "$after"))" ] && echo new"#;

/// This computer, a router that refuses, and a world where every address is one computer. Refusals must not be rare: a kernel sends one
/// a second to each peer by default (icmp(7), `icmp_ratelimit`).
const SWEPT_TWICE: &str = r#"
    unshare -n sleep 90 & router=$!
    unshare -n sleep 90 & world=$!
    trap 'kill $router $world' EXIT
    for one in $router $world; do
        until [ "$(readlink /proc/$one/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do :; done
    done
    in_router="nsenter -t $router -n" in_world="nsenter -t $world -n"
    ip link add near type veth peer name inside netns $router
    $in_router ip link add outside type veth peer name far netns $world
    ip addr add 10.0.1.2/24 dev near; ip link set near up; ip route add default via 10.0.1.1
    $in_router sh -ec "
        ip addr add 10.0.1.1/24 dev inside; ip link set inside up
        ip addr add 10.0.2.1/24 dev outside; ip link set outside up; ip route add default via 10.0.2.2
        echo 1 > /proc/sys/net/ipv4/ip_forward; echo 0 > /proc/sys/net/ipv4/icmp_ratelimit"
    $in_world sh -ec "
        ip addr add 10.0.2.2/24 dev far; ip link set far up; ip link set lo up
        ip route add 10.0.1.0/24 via 10.0.2.1; ip route add local default dev lo"
    $in_router nft "table inet filter {
        chain rules {
            ip daddr { 3.7.35.0/26, 3.7.35.96/27 } tcp dport 443 reject with icmpx admin-prohibited
            ip daddr 3.7.35.0/25 tcp dport 8802 reject with icmpx admin-prohibited
            ip daddr 3.7.35.64/26 tcp dport 20000-64000 reject with icmpx admin-prohibited
        }
        chain out {
            type filter hook forward priority 0
            tcp flags & (syn | ack) == syn jump rules
        }
    }"
    sweep="$1 sweep -4 --quiet --engine connect --trace 20 --prefix 3.7.35.0/25 --per-prefix 16 \
        --port tcp/443 --port tcp/8801-8802 --port tcp/20000-64000"
    $sweep --gap-as nftables > "$2" || first=$?
    chain=$(grep -o -m 1 'zoom_gap_[0-9a-f]*_out' "$2")
    $in_router nft -f "$2"; $in_router nft insert rule inet filter rules jump "$chain"
    $sweep --gap-as csv > "$3" || second=$?
    echo "$first $second""#;

/// In bash's spelling of a socket; the ends of prefixes and of ranges among them.
const LET_OUT: &[&str] = &[
    "tcp/170.114.0.0/443",
    "tcp/170.114.255.255/8802",
    "udp/3.7.35.0/3478",
    "udp/3.7.35.127/8810",
    "tcp/52.84.151.9/443",
    "tcp/2407:30c0::1/443",
    "udp/2407:30c0:ffff::1/8801",
    "tcp/2600:9000:2600::9/443",
];

const OTHERS: &[&str] = &[
    "tcp/170.114.0.0/442",
    "tcp/170.114.0.0/444",
    "tcp/170.114.0.0/8803",
    "udp/170.114.0.0/443",
    "tcp/170.115.0.0/443",
    "udp/3.7.35.128/8810",
    "udp/3.7.35.127/8811",
    "tcp/52.84.151.9/8801",
    "udp/52.84.151.9/3478",
    "tcp/2407:30c1::1/443",
    "udp/2407:30c0::1/20000",
];
