//! The configured resolvers: `/etc/resolv.conf`, and behind the stub of systemd-resolved those that it asks.
//!
//! Nothing is added that is not configured: a file without servers gives none.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};

use nix::net::if_::if_nametoindex;

use super::{Linux, files};
use crate::model::{CannotProbe, ResolverSetting};

/// The C library asks the first three and ignores the rest (`MAXNS`, resolv.conf(5)).
const MOST_OF_THE_LIBRARY: usize = 3;
/// Servers told of systemd-resolved, which knows no such bound.
const MOST_UPSTREAMS: usize = 16;
/// The longest timeout that the library takes, in seconds (`RES_MAXRETRANS`, resolv.conf(5)).
const LONGEST_S: u8 = 30;
/// RFC 1035, 4.2; resolv.conf can't name another port.
const PORT: u16 = 53;

/// The C library's servers in the order of use, then those behind systemd-resolved's stub.
pub(super) fn resolvers(system: &Linux) -> Result<Vec<ResolverSetting>, CannotProbe> {
    let file = |path, operation| files::text(&system.root.join(path), files::SMALL, operation);
    let text = file("etc/resolv.conf", "read resolv.conf")?.unwrap_or_default();
    let mut resolvers = parse(&text, "/etc/resolv.conf", MOST_OF_THE_LIBRARY);
    if resolvers.iter().any(|resolver| is_resolved(resolver.server.ip())) {
        let upstream = file("run/systemd/resolve/resolv.conf", "read systemd-resolved's servers")?;
        let source = "/run/systemd/resolve/resolv.conf";
        resolvers.extend(parse(&upstream.unwrap_or_default(), source, MOST_UPSTREAMS));
    }
    Ok(resolvers)
}

/// systemd-resolved.service(8): 127.0.0.53 is the stub, 127.0.0.54 the one that only hands on.
fn is_resolved(server: IpAddr) -> bool {
    [Ipv4Addr::new(127, 0, 0, 53), Ipv4Addr::new(127, 0, 0, 54)].iter().any(|&stub| server == stub)
}

fn parse(text: &str, source: &str, most: usize) -> Vec<ResolverSetting> {
    let timeout_s = timeout_s(text);
    let setting = |server: SocketAddr| {
        let stub = server.ip().is_loopback();
        ResolverSetting { server, source: source.to_owned(), stub, timeout_s }
    };
    text.lines().filter_map(server).take(most).map(setting).collect()
}

/// `options timeout:n`, capped as the library caps it; the last one counts (resolv.conf(5)).
fn timeout_s(text: &str) -> Option<u8> {
    let options = text.lines().filter_map(|line| line.strip_prefix("options"));
    let words = options.filter(|rest| rest.starts_with([' ', '\t'])).flat_map(str::split_ascii_whitespace);
    words
        .filter_map(|word| word.strip_prefix("timeout:")?.parse().ok())
        .next_back()
        .map(|seconds: u8| seconds.min(LONGEST_S))
}

/// The library heeds the keyword at the line's very beginning alone, and ignores what follows the address.
fn server(line: &str) -> Option<SocketAddr> {
    let rest = line.strip_prefix("nameserver").filter(|rest| rest.starts_with([' ', '\t']))?;
    let word = rest.split_ascii_whitespace().next()?;
    match word.split_once('%') {
        None => word.parse().ok().map(|address| SocketAddr::new(address, PORT)),
        Some((address, zone)) => Some(SocketAddrV6::new(address.parse().ok()?, PORT, 0, scope(zone)).into()),
    }
}

/// RFC 4007, 11.2: an interface's name or number; 0 where there is no such interface, which the kernel then refuses.
fn scope(zone: &str) -> u32 {
    zone.parse().ok().or_else(|| if_nametoindex(zone).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn servers(text: &str) -> Vec<String> {
        parse(text, "file", MOST_OF_THE_LIBRARY).iter().map(|resolver| resolver.server.to_string()).collect()
    }

    #[test]
    fn servers_are_read_as_the_library_reads_them() {
        let text = "; comment\n#nameserver 192.0.2.9\n nameserver 192.0.2.8\nnameservers 192.0.2.7\n\
                    nameserver\t192.0.2.1 # first\nnameserver fe80::1%7\nsearch example\nnameserver nonsense\n\
                    nameserver 2001:db8::53\nnameserver 192.0.2.4\n";
        assert_eq!(servers(text), ["192.0.2.1:53", "[fe80::1%7]:53", "[2001:db8::53]:53"]);
    }

    #[test]
    fn behind_the_stub_of_resolved_stand_its_own_servers() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "etc/resolv.conf", "nameserver 127.0.0.53\noptions edns0\n");
        write(folder.path(), "run/systemd/resolve/resolv.conf", "nameserver 192.0.2.1\n");
        let setting = |server: &str, source: &str, stub| ResolverSetting {
            server: server.parse().unwrap(),
            source: source.to_owned(),
            stub,
            timeout_s: None,
        };
        assert_eq!(
            resolvers(&Linux::below(folder.path())).unwrap(),
            [
                setting("127.0.0.53:53", "/etc/resolv.conf", true),
                setting("192.0.2.1:53", "/run/systemd/resolve/resolv.conf", false),
            ]
        );
    }

    #[test]
    fn the_last_timeout_counts_and_is_capped() {
        let of = |text: &str| parse(&format!("nameserver 192.0.2.1\n{text}"), "file", 3)[0].timeout_s;
        assert_eq!(of(""), None);
        assert_eq!(of("options rotate timeout:1 attempts:2\n"), Some(1));
        assert_eq!(of("options timeout:1\noptions timeout:99\n"), Some(30));
        assert_eq!(of("#options timeout:1\noptions timeout:many\n"), None);
    }

    #[test]
    fn servers_of_resolved_do_not_count_where_the_library_does_not_ask_it() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "etc/resolv.conf", "nameserver ::1\n");
        write(folder.path(), "run/systemd/resolve/resolv.conf", "nameserver 192.0.2.1\n");
        let found = resolvers(&Linux::below(folder.path())).unwrap();
        assert_eq!(
            found.iter().map(|r| (r.server.to_string(), r.stub)).collect::<Vec<_>>(),
            [("[::1]:53".into(), true)]
        );
    }

    #[test]
    fn no_file_gives_no_resolver() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(resolvers(&Linux::below(folder.path())).unwrap(), []);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)(nameserver [^\n]{0,40}\n|.{0,40}){0,8}") {
            parse(&text, "file", MOST_UPSTREAMS);
        }
    }
}
