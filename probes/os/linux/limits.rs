//! Limits of this process and computer that bound how much can be probed: file descriptors and ephemeral ports.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::ops::RangeInclusive;
use std::path::Path;

use nix::sys::resource::{Resource, getrlimit};

use super::{Linux, files};
use crate::model::{CannotProbe, Limit};

/// Bytes read of a socket table: 150 a line, so some 400 000 sockets; beyond that the count is a lower bound.
const TABLE: u64 = 64 << 20;

/// Descriptors of this process, ephemeral TCP ports of this network namespace.
pub(super) fn limits(system: &Linux) -> Result<Vec<Limit>, CannotProbe> {
    Ok(vec![descriptors(&system.root)?, ephemeral_ports(&system.root)?])
}

fn descriptors(root: &Path) -> Result<Limit, CannotProbe> {
    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE)
        .map_err(|errno| CannotProbe::Io { operation: "read the limit of descriptors", source: errno.into() })?;
    // The listing itself holds one.
    let used = fs::read_dir(root.join("proc/self/fd")).ok().map(|open| open.count().saturating_sub(1));
    Ok(Limit { of: "descriptors".to_owned(), limit: soft, used: used.and_then(|used| u64::try_from(used).ok()) })
}

fn ephemeral_ports(root: &Path) -> Result<Limit, CannotProbe> {
    let operation = "read the range of ephemeral ports";
    let file = root.join("proc/sys/net/ipv4/ip_local_port_range");
    let range = files::text(&file, files::SMALL, operation)?.and_then(|text| parse_range(&text));
    let range = range.ok_or_else(|| CannotProbe::Io { operation, source: ErrorKind::InvalidData.into() })?;
    let limit = u64::from(range.end().saturating_sub(*range.start())) + 1;
    let used = used_ports(root, &range).ok().and_then(|used| u64::try_from(used).ok());
    Ok(Limit { of: "ephemeral-ports".to_owned(), limit, used })
}

/// ip(7), `ip_local_port_range`: the first and the last port.
fn parse_range(text: &str) -> Option<RangeInclusive<u16>> {
    let mut words = text.split_ascii_whitespace().map(str::parse);
    let range = words.next()?.ok()?..=words.next()?.ok()?;
    (!range.is_empty()).then_some(range)
}

/// Local ports of the range that some TCP socket holds, TIME_WAIT included.
fn used_ports(root: &Path, range: &RangeInclusive<u16>) -> io::Result<usize> {
    let mut ports = BTreeSet::new();
    for table in ["proc/net/tcp", "proc/net/tcp6"] {
        let file = match File::open(root.join(table)) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            file => file?,
        };
        for line in BufReader::new(file.take(TABLE)).split(b'\n') {
            ports.extend(local_port(&line?).filter(|port| range.contains(port)));
        }
    }
    Ok(ports.len())
}

/// proc_net_tcp(5): `  sl: ADDRESS:PORT …`, hexadecimal.
fn local_port(line: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(line).ok()?;
    let (_, port) = line.split_ascii_whitespace().nth(1)?.split_once(':')?;
    u16::from_str_radix(port, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TABLE_OF_TCP: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n\
        \x20  0: 0100007F:8000 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n\
        \x20  1: 0100007F:8000 0200007F:01BB 01 00000000:00000000 00:00000000 00000000     0\n\
        \x20  2: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n";

    #[test]
    fn a_port_that_two_sockets_share_counts_once_and_one_outside_the_range_not() {
        let folder = tempfile::tempdir().unwrap();
        let proc = folder.path().join("proc");
        fs::create_dir_all(proc.join("net")).unwrap();
        fs::create_dir_all(proc.join("sys/net/ipv4")).unwrap();
        fs::write(proc.join("net/tcp"), TABLE_OF_TCP).unwrap();
        fs::write(proc.join("sys/net/ipv4/ip_local_port_range"), "32768\t60999\n").unwrap();
        assert_eq!(
            ephemeral_ports(folder.path()).unwrap(),
            Limit { of: "ephemeral-ports".to_owned(), limit: 28232, used: Some(1) }
        );
    }

    #[test]
    fn this_process_has_descriptors_in_use() {
        let limit = descriptors(Path::new("/")).unwrap();
        assert!(limit.used.unwrap() >= 3, "{limit:?}");
        assert!(limit.limit > 3, "{limit:?}");
    }

    #[test]
    fn a_range_the_wrong_way_round_is_none() {
        assert_eq!(parse_range("60999 32768"), None);
        assert_eq!(parse_range("1024"), None);
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in prop::collection::vec(any::<u8>(), 0..100)) {
            local_port(&line);
            parse_range(&String::from_utf8_lossy(&line));
        }
    }
}
