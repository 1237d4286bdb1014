//! Every catalogue in `tests/rules`, written as rules in every format; what can be read back lets out the same.
//!
//! A new case is a new TOML file; `SNAPSHOTS=overwrite cargo test --test rules` writes the rules beside it. The tools of Linux
//! read them in `tests/cli`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ipnet::{IpNet, Ipv4Net};
use serde_json::Value;
use snapbox::{Assert, Data};
use why5003::catalogue::{Catalogue, PortRange};
use why5003::rules::{Allow, FORMATS, Published, Ruleset, format, published};

/// What a case lets out, and how its files begin.
struct Case {
    path: PathBuf,
    allows: Vec<Allow>,
    rules: Ruleset,
}

/// All cases, with every service of their catalogues, in the order of their names.
fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let mut paths: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    assert!(!paths.is_empty(), "no cases in {}", folder.display());
    let case = |path: &Path| {
        let catalogue = Catalogue::parse(&fs::read_to_string(path).unwrap(), &path.display().to_string()).unwrap();
        let ids: Vec<String> = catalogue.services.iter().map(|service| service.id.clone()).collect();
        let Published { header, allows } = published(&catalogue, &ids).unwrap();
        let rules = Ruleset::new(&header, &allows);
        let gap =
            Case { path: path.with_file_name("gap"), rules: Ruleset::gap(&header, &allows), allows: allows.clone() };
        (Case { path: path.to_owned(), rules, allows }, gap)
    };
    let (mut cases, mut gaps): (Vec<Case>, Vec<Case>) = paths.iter().map(|path| case(path)).unzip();
    // The same as the last of them, as what a sweep found missing.
    cases.extend(gaps.pop());
    cases
}

#[test]
fn every_format_writes_every_case() {
    for Case { path, rules, .. } in cases() {
        for format in FORMATS {
            let file = path.with_extension(format!("{}.{}", format.name, format.ending));
            let expected = Data::read_from(&file, None).raw();
            Assert::new().action_env("SNAPSHOTS").eq(Data::text((format.write)(&rules)).raw(), expected);
        }
    }
}

#[test]
fn no_file_is_left_of_a_case_or_format_that_is_gone() {
    let known: BTreeSet<PathBuf> = cases()
        .iter()
        .flat_map(|case| {
            let of = |format: &why5003::rules::Format| {
                case.path.with_extension(format!("{}.{}", format.name, format.ending))
            };
            let own = case.path.extension().is_some().then(|| case.path.clone());
            FORMATS.iter().map(of).chain(own).collect::<Vec<_>>()
        })
        .collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let files: BTreeSet<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files, known);
}

#[test]
fn what_is_read_back_lets_out_the_same() {
    for Case { path, allows, rules } in cases() {
        let wanted: Vec<Pass> = allows
            .iter()
            .flat_map(|allow| {
                let with = |prefix: &IpNet| allow.ports.iter().map(|ports| (*prefix, *ports)).collect::<Vec<_>>();
                allow.prefixes.iter().flat_map(with).collect::<Vec<_>>()
            })
            .collect();
        for (name, read) in READERS {
            let read = read(&(format(name).unwrap().write)(&rules));
            for (address, port) in borders(&wanted) {
                assert_eq!(
                    lets_out(&read, address, port),
                    lets_out(&wanted, address, port),
                    "{}: {name}: {address} {port}",
                    path.display()
                );
            }
        }
    }
}

/// A prefix at ports that may be reached.
type Pass = (IpNet, PortRange);

fn lets_out(passes: &[Pass], address: IpNet, port: PortRange) -> bool {
    passes.iter().any(|(prefix, ports)| {
        prefix.contains(&address)
            && ports.transport == port.transport
            && ports.first <= port.first
            && port.last <= ports.last
    })
}

/// Where a mistake would show: the ends of every prefix and range and what lies right beside them, both transports.
fn borders(passes: &[Pass]) -> Vec<(IpNet, PortRange)> {
    let beside = |prefix: &IpNet| {
        let end = |address| IpNet::from(address);
        let next = match prefix {
            IpNet::V4(prefix) => {
                [u32::from(prefix.network()).wrapping_sub(1), u32::from(prefix.broadcast()).wrapping_add(1)]
                    .map(|bits| IpNet::from(std::net::IpAddr::V4(bits.into())))
            }
            IpNet::V6(prefix) => {
                [u128::from(prefix.network()).wrapping_sub(1), u128::from(prefix.broadcast()).wrapping_add(1)]
                    .map(|bits| IpNet::from(std::net::IpAddr::V6(bits.into())))
            }
        };
        [end(prefix.network()), end(prefix.broadcast()), next[0], next[1]]
    };
    let addresses: BTreeSet<IpNet> = passes.iter().flat_map(|(prefix, _)| beside(prefix)).collect();
    let numbers: BTreeSet<u16> = passes
        .iter()
        .flat_map(|(_, ports)| [ports.first - 1, ports.first, ports.last, ports.last.saturating_add(1)])
        .filter(|number| *number > 0)
        .collect();
    let ports: Vec<PortRange> = numbers
        .iter()
        .flat_map(|number| ["tcp", "udp"].map(|transport| ports(transport, &number.to_string(), &number.to_string())))
        .collect();
    addresses.iter().flat_map(|address| ports.iter().map(move |port| (*address, *port))).collect()
}

fn ports(transport: &str, first: &str, last: &str) -> PortRange {
    format!("{}/{first}-{last}", transport.to_lowercase()).parse().unwrap()
}

/// Reads a text of one format.
type Reader = fn(&str) -> Vec<Pass>;

const READERS: [(&str, Reader); 4] = [("aws", aws), ("azure", azure), ("csv", csv), ("cisco-ios", ios)];

fn aws(text: &str) -> Vec<Pass> {
    let permissions: Value = serde_json::from_str(text).unwrap();
    let of = |permission: &Value| {
        let number = |key: &str| permission[key].to_string();
        let ports = ports(permission["IpProtocol"].as_str().unwrap(), &number("FromPort"), &number("ToPort"));
        let cidrs = |list: &str, key: &str| {
            let ranges = permission[list].as_array().cloned().unwrap_or_default();
            ranges.iter().map(|range| range[key].as_str().unwrap().parse().unwrap()).collect::<Vec<IpNet>>()
        };
        let cidrs = [cidrs("IpRanges", "CidrIp"), cidrs("Ipv6Ranges", "CidrIpv6")].concat();
        cidrs.into_iter().map(|cidr| (cidr, ports)).collect::<Vec<_>>()
    };
    permissions.as_array().unwrap().iter().flat_map(of).collect()
}

fn azure(text: &str) -> Vec<Pass> {
    let template: Value = serde_json::from_str(text).unwrap();
    let of = |resource: &Value| {
        let rule = &resource["properties"];
        assert_eq!((rule["access"].as_str(), rule["direction"].as_str()), (Some("Allow"), Some("Outbound")));
        let texts = |key: &str| {
            rule[key].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let mut passes = Vec::new();
        for prefix in texts("destinationAddressPrefixes") {
            for range in texts("destinationPortRanges") {
                let (first, last) = range.split_once('-').unwrap_or((&range, &range));
                passes.push((prefix.parse().unwrap(), ports(rule["protocol"].as_str().unwrap(), first, last)));
            }
        }
        passes
    };
    template["resources"].as_array().unwrap().iter().flat_map(of).collect()
}

/// RFC 4180 as far as it is used: a field in quotes holds commas and no quotes.
fn csv(text: &str) -> Vec<Pass> {
    let mut lines = text.split_terminator("\r\n").map(|line| {
        let mut quoted = false;
        line.split(|c| {
            quoted ^= c == '"';
            c == ',' && !quoted
        })
        .collect::<Vec<_>>()
    });
    let head = lines.next().unwrap();
    let column = |name: &str| head.iter().position(|column| *column == name).unwrap();
    let [prefix, transport, first, last] = ["prefix", "transport", "first_port", "last_port"].map(column);
    let pass = |fields: Vec<&str>| {
        assert_eq!(fields.len(), head.len(), "{fields:?}");
        (fields[prefix].parse().unwrap(), ports(fields[transport], fields[first], fields[last]))
    };
    lines.map(pass).collect()
}

fn ios(text: &str) -> Vec<Pass> {
    let pass = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        let (prefix, rest) = match &words[..] {
            [_, "any", "host", address, rest @ ..] => (IpNet::from(address.parse::<std::net::IpAddr>().unwrap()), rest),
            [_, "any", prefix, rest @ ..] if prefix.contains(':') => (prefix.parse().unwrap(), rest),
            [_, "any", address, wildcard, rest @ ..] => {
                let mask = !u32::from(wildcard.parse::<std::net::Ipv4Addr>().unwrap());
                let net = Ipv4Net::with_netmask(address.parse().unwrap(), mask.into()).unwrap();
                (IpNet::V4(net), rest)
            }
            words => panic!("{words:?}"),
        };
        match rest {
            ["eq", port] => (prefix, ports(words[0], port, port)),
            ["range", first, last] => (prefix, ports(words[0], first, last)),
            rest => panic!("{rest:?}"),
        }
    };
    text.lines().filter(|line| line.starts_with(" permit ")).map(pass).collect()
}
