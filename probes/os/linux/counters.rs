//! Packet counters from `/proc/net` (`proc_pid_net(5)`): those of interfaces, and those of IP as RFC 4293 names them.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;

use super::{Linux, files};
use crate::model::CannotProbe;
use crate::os::Counters;

/// Reads them, for one family.
pub(super) fn counters(system: &Linux, of: IpAddr) -> Result<Counters, CannotProbe> {
    let read = |name: &str| files::text(&system.root.join("proc/net").join(name), files::SMALL, OPERATION);
    let interfaces = read("dev")?.unwrap_or_default();
    let text = read(if of.is_ipv4() { "snmp" } else { "snmp6" })?.unwrap_or_default();
    let ip = if of.is_ipv4() { by_two_lines(&text) } else { by_lines(&text) };
    let counted = |name: &str| {
        let missing = || io::Error::new(io::ErrorKind::InvalidData, format!("no {name}"));
        ip.get(name).copied().ok_or_else(missing).map_err(|source| CannotProbe::Io { operation: OPERATION, source })
    };
    // A computer that forwards for others hands those packets on too.
    let forwarded = ip.get("ForwDatagrams").or(ip.get("OutForwDatagrams")).copied().unwrap_or(0);
    Ok(Counters {
        left: sent(&interfaces),
        arrived: counted("InReceives")?,
        handed_on: counted("InDelivers")?.saturating_add(forwarded),
    })
}

/// The tenth column of each interface's line is what it sent, in packets.
fn sent(dev: &str) -> BTreeMap<String, u64> {
    let lines = dev.lines().filter_map(|line| line.split_once(':'));
    let of = |(name, columns): (&str, &str)| {
        Some((name.trim().to_owned(), columns.split_whitespace().nth(9)?.parse().ok()?))
    };
    lines.filter_map(of).filter(|(name, _)| name != "lo").collect()
}

/// A line of names, then a line of numbers.
fn by_two_lines(snmp: &str) -> BTreeMap<&str, u64> {
    let mut ip = snmp.lines().filter_map(|line| line.strip_prefix("Ip:"));
    let (names, numbers) = (ip.next().unwrap_or_default(), ip.next().unwrap_or_default());
    let numbers = numbers.split_whitespace().map(|number| number.parse().ok());
    names.split_whitespace().zip(numbers).filter_map(|(name, number)| Some((name, number?))).collect()
}

/// A name and a number a line.
fn by_lines(snmp6: &str) -> BTreeMap<&str, u64> {
    let lines = snmp6.lines().filter_map(|line| line.strip_prefix("Ip6")?.split_once(char::is_whitespace));
    lines.filter_map(|(name, number)| Some((name, number.trim().parse().ok()?))).collect()
}

const OPERATION: &str = "read the kernel's packet counters";

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn both_families_are_read_and_loopback_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let net = folder.path().join("proc/net");
        fs::create_dir_all(&net).unwrap();
        fs::write(net.join("dev"), DEV).unwrap();
        fs::write(
            net.join("snmp"),
            "Ip: Forwarding InReceives ForwDatagrams InDelivers\nIp: 1 90 3 80\nIcmp: X\nIcmp: 1\n",
        )
        .unwrap();
        fs::write(net.join("snmp6"), "Ip6InReceives   \t20\nIp6InDelivers \t19\nIp6OutForwDatagrams  0\n").unwrap();
        let system = Linux::below(folder.path());
        let left = BTreeMap::from([("eth0".to_owned(), 22)]);
        let four = counters(&system, "192.0.2.1".parse().unwrap()).unwrap();
        assert_eq!(four, Counters { left: left.clone(), arrived: 90, handed_on: 83 });
        let six = counters(&system, "2001:db8::1".parse().unwrap()).unwrap();
        assert_eq!(six, Counters { left, arrived: 20, handed_on: 19 });
    }

    #[test]
    fn a_system_without_them_is_not_probed_at() {
        let folder = tempfile::tempdir().unwrap();
        assert!(counters(&Linux::below(folder.path()), "192.0.2.1".parse().unwrap()).is_err());
    }

    const DEV: &str = "Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     840      10    0    0    0     0          0         0      840      10    0    0    0     0       0          0
  eth0: 1234567    3000    0    0    0     0          0         0    99999      22    0    0    0     0       0          0
";
}
