//! Reads a catalogue from its text, strictly: what is wrong is named with its line, its column and the way to mend it.
//!
//! It never guesses, and it opens no file.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml::de::{DeTable, DeValue};
use why5003_probes::model::Role;
use why5003_probes::wire::text::shown;

use super::fields::{self, quoted};
use super::model::{Catalogue, Certificates, Client, ErrorCode, Host, List, Media, Service, StatusSource};
use super::neutral::{BlockPage, Canary, Control, FamilyDns, Inspector, Portal, Resolver, StunServer};

impl Catalogue {
    /// The text of the catalogue that is built into the program.
    pub const EMBEDDED: &str = include_str!("catalogue.toml");

    /// The catalogue that is built into the program.
    pub fn embedded() -> Self {
        Self::parse(Self::EMBEDDED, "catalogue.toml").expect("a test reads the embedded catalogue")
    }

    /// Reads a catalogue; `file` is the name that errors give.
    ///
    /// # Errors
    /// [`CatalogueError`] for the first thing that is wrong. That is TOML's grammar, or an unknown or missing key. It is a
    /// malformed prefix, port, name, address or date. It is a host, service or prefix that stands twice, or a list that is
    /// unknown or unused. Or no host is decisive.
    pub fn parse(text: &str, file: &str) -> Result<Self, CatalogueError> {
        let mut read: File = toml::from_str(text).map_err(|error| {
            CatalogueError::new(text, file, error.span().map_or(0, |span| span.start), error.message())
        })?;
        let place = |fault: Fault<'_>| {
            let span = span_of(text, &fault.at);
            CatalogueError::new(text, file, span.map_or(0, |span| span.start), &fault.problem)
        };
        read.take_in_lists().map_err(place)?;
        read.check_hosts().map_err(place)?;
        Ok(read.into_catalogue(text))
    }
}

/// A catalogue, or a prefix list, is wrong at one place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {problem}")]
pub struct CatalogueError {
    /// The file's name, as it was given.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, and how to write it; safe to print.
    pub problem: String,
}

impl CatalogueError {
    /// An error at a byte of the text.
    pub(super) fn new(text: &str, file: &str, offset: usize, problem: &str) -> Self {
        let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
        let in_line = before.rsplit(|&b| b == b'\n').next().unwrap_or_default();
        Self {
            file: file.to_owned(),
            line: before.split(|&b| b == b'\n').count(),
            // Bytes 0x80 to 0xbf continue a character in UTF-8 (RFC 3629, section 3).
            column: in_line.iter().filter(|&&b| !matches!(b, 0x80..=0xbf)).count() + 1,
            problem: shown(problem, MAX_PROBLEM),
        }
    }
}

/// One step from a table or an array of the file into it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    /// Into the value of a key.
    Key(&'a str),
    /// Into an element, from 0.
    Nth(usize),
}

/// The bytes of the text that hold the value at the end of the steps.
pub(super) fn span_of(text: &str, steps: &[Step<'_>]) -> Option<Range<usize>> {
    let table = DeTable::parse(text).ok()?;
    let (first, rest) = steps.split_first()?;
    let Step::Key(key) = *first else { return None };
    let mut value = table.get_ref().get(key)?;
    for step in rest {
        value = match (value.get_ref(), *step) {
            (DeValue::Table(table), Step::Key(key)) => table.get(key)?,
            (DeValue::Array(array), Step::Nth(nth)) => array.get(nth)?,
            (_, Step::Key(_) | Step::Nth(_)) => return None,
        };
    }
    Some(value.span())
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(deserialize_with = "fields::date")]
    revision: String,
    source: String,
    lists: BTreeMap<String, List>,
    service: Vec<Service>,
    host: Vec<Host>,
    status: Vec<StatusSource>,
    control: Vec<Control>,
    portal: Vec<Portal>,
    resolver: Vec<Resolver>,
    stun: Vec<StunServer>,
    media: Media,
    canary: Canary,
    client: Vec<Client>,
    error: Vec<ErrorCode>,
    certificates: Certificates,
    inspector: Vec<Inspector>,
    blockpage: Vec<BlockPage>,
    family_dns: Vec<FamilyDns>,
}

/// What is wrong between two entries, each of which is right by itself.
struct Fault<'a> {
    at: Vec<Step<'a>>,
    problem: String,
}

impl File {
    /// Gives every service the prefixes of its lists.
    fn take_in_lists(&mut self) -> Result<(), Fault<'_>> {
        let mut ids = BTreeSet::new();
        let mut unused: BTreeSet<&str> = self.lists.keys().map(String::as_str).collect();
        for (nth, service) in self.service.iter_mut().enumerate() {
            let at = |key| vec![Step::Key("service"), Step::Nth(nth), Step::Key(key)];
            if !ids.insert(service.id.clone()) {
                let problem = format!("service {} stands twice; keep one", quoted(&service.id));
                return Err(Fault { at: at("id"), problem });
            }
            let own = std::mem::take(&mut service.prefixes);
            let mut seen = BTreeSet::new();
            for (nth, name) in service.lists.iter().enumerate() {
                let Some(list) = self.lists.get(name) else {
                    let known = self.lists.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                    let at = [at("lists"), vec![Step::Nth(nth)]].concat();
                    return Err(Fault {
                        at,
                        problem: format!("list {} is unknown; write one of {known}", quoted(name)),
                    });
                };
                unused.remove(name.as_str());
                service.prefixes.extend(list.prefixes.iter().filter(|&&prefix| seen.insert(prefix)));
            }
            service.prefixes.extend(own.into_iter().filter(|&prefix| seen.insert(prefix)));
        }
        match unused.first() {
            None => Ok(()),
            Some(name) => {
                let problem =
                    format!("list {} is in no service; name it in a service's lists or delete it", quoted(name));
                Err(Fault { at: vec![Step::Key("lists"), Step::Key(name)], problem })
            }
        }
    }

    fn check_hosts(&self) -> Result<(), Fault<'_>> {
        let mut names = BTreeSet::new();
        for (nth, host) in self.host.iter().enumerate() {
            let fault =
                |key, problem| Err(Fault { at: vec![Step::Key("host"), Step::Nth(nth), Step::Key(key)], problem });
            if !names.insert(&host.name) {
                return fault("name", format!("host {} stands twice; keep one", host.name));
            }
            match host.role {
                Role::SignIn => {}
                Role::Side | Role::Certificate | Role::Status | Role::Media => {
                    if host.decisive {
                        return fault(
                            "decisive",
                            format!("host {} is no sign-in host; only those are decisive", host.name),
                        );
                    }
                }
                Role::Range | Role::Control | Role::Portal | Role::Resolver | Role::Canary | Role::Host => {
                    return fault(
                        "role",
                        "role belongs to no host; write sign-in, side, certificate, status or media".to_owned(),
                    );
                }
            }
        }
        if self.host.iter().any(|host| host.decisive) {
            return Ok(());
        }
        let problem =
            "no host is decisive; write decisive = true at the host without which a client shows 5003".to_owned();
        Err(Fault { at: vec![Step::Key("host")], problem })
    }

    fn into_catalogue(self, text: &str) -> Catalogue {
        Catalogue {
            revision: self.revision,
            source: self.source,
            sha256: sha256(text),
            lists: self.lists,
            services: self.service,
            hosts: self.host,
            status: self.status,
            controls: self.control,
            portals: self.portal,
            resolvers: self.resolver,
            stun: self.stun,
            media: self.media,
            canary: self.canary,
            clients: self.client,
            errors: self.error,
            certificates: self.certificates,
            inspectors: self.inspector,
            block_pages: self.blockpage,
            family_dns: self.family_dns,
        }
    }
}

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// Enough for the longest message of ours, and for a list of keys; a file's own text may be of any length.
const MAX_PROBLEM: usize = 400;

#[cfg(test)]
mod tests {
    use ipnet::{IpNet, Ipv4Net};
    use proptest::prelude::*;

    use super::*;
    use crate::catalogue::NamePattern;

    const MINIMAL: &str = include_str!("fixtures/minimal.toml");

    /// The error of the minimal catalogue with one of its texts replaced where it stands first.
    #[track_caller]
    fn refused(from: &str, to: &str, error: &str) {
        assert!(MINIMAL.contains(from), "{from:?} is not in the minimal catalogue");
        let text = MINIMAL.replacen(from, to, 1);
        assert_eq!(Catalogue::parse(&text, "my.toml").unwrap_err().to_string(), error);
    }

    #[test]
    fn the_embedded_catalogue_reads() {
        assert_eq!(Catalogue::embedded().revision, "2026-10-08");
    }

    #[test]
    fn the_digest_is_that_of_fips_180_4() {
        assert_eq!(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn the_embedded_meetings_prefixes_are_those_that_zoom_published() {
        let catalogue = Catalogue::embedded();
        let meetings = catalogue.services.iter().find(|service| service.id == "meetings").unwrap();
        let v4: Vec<Ipv4Net> = meetings
            .prefixes
            .iter()
            .filter_map(|prefix| if let IpNet::V4(v4) = prefix { Some(*v4) } else { None })
            .collect();
        let distinct: u64 = Ipv4Net::aggregate(&v4).iter().map(|net| 1u64 << (32 - net.prefix_len())).sum();
        assert_eq!((v4.len(), meetings.prefixes.len() - v4.len(), distinct), (50, 3, 539_092));
    }

    #[test]
    fn the_embedded_controls_and_resolvers_are_of_several_operators() {
        let catalogue = Catalogue::embedded();
        let by_name = catalogue.controls.iter().filter(|control| control.addresses.is_empty());
        let by_address = catalogue.controls.iter().filter(|control| !control.addresses.is_empty());
        let by_name: BTreeSet<&str> = by_name.map(|control| control.operator.as_str()).collect();
        let by_address: BTreeSet<&str> = by_address.map(|control| control.operator.as_str()).collect();
        let resolvers: BTreeSet<&str> = catalogue.resolvers.iter().map(|resolver| resolver.operator.as_str()).collect();
        assert!(by_name.len() >= 2 && by_address.len() >= 2 && resolvers.len() >= 3);
    }

    #[test]
    fn the_embedded_addresses_of_zooms_lie_in_its_prefixes() {
        let catalogue = Catalogue::embedded();
        let known = catalogue.hosts.iter().flat_map(|host| host.known_addresses.iter().copied());
        let media = catalogue.media.servers.iter().map(std::net::SocketAddr::ip);
        let astray: Vec<_> = known.chain(media).filter(|&address| catalogue.prefix_of(address).is_none()).collect();
        assert_eq!(astray, Vec::<std::net::IpAddr>::new());
    }

    #[test]
    fn the_embedded_hosts_of_zooms_bear_its_names_and_no_others_do() {
        let catalogue = Catalogue::embedded();
        let names: Vec<&NamePattern> = catalogue.services.iter().flat_map(|service| &service.names).collect();
        let is_one_of = |host: &str, name: &NamePattern| match name {
            NamePattern::Name(exact) => host == exact,
            NamePattern::Below(parent) => host.ends_with(&format!(".{parent}")),
        };
        for host in &catalogue.hosts {
            let zooms = names.iter().any(|name| is_one_of(&host.name, name));
            assert_eq!(zooms, host.role != Role::Certificate, "{}", host.name);
        }
    }

    #[test]
    fn the_embedded_status_pages_begin_outside_zoom_us() {
        let status = Catalogue::embedded().status;
        let inside: Vec<bool> = status.iter().map(|page| page.host.ends_with("zoom.us")).collect();
        assert_eq!(inside, [false, false, true]);
    }

    #[test]
    fn entries_are_written_as_they_are_read() {
        #[derive(serde::Serialize, Deserialize, Debug, PartialEq)]
        struct Entries {
            service: Vec<Service>,
            portal: Vec<Portal>,
            stun: Vec<StunServer>,
            client: Vec<Client>,
        }
        let catalogue = Catalogue::embedded();
        let entries = Entries {
            service: catalogue.services,
            portal: catalogue.portals,
            stun: catalogue.stun,
            client: catalogue.clients,
        };
        let text = toml::to_string(&entries).unwrap();
        assert_eq!(toml::from_str::<Entries>(&text).unwrap(), entries);
    }

    #[test]
    fn only_zoom_us_decides_in_the_embedded_catalogue() {
        let hosts = Catalogue::embedded().hosts;
        let decisive: Vec<_> = hosts.iter().filter(|host| host.decisive).map(|host| host.name.as_str()).collect();
        assert_eq!(decisive, ["zoom.us"]);
    }

    #[test]
    fn a_service_holds_the_prefixes_of_its_lists_and_then_its_own_none_twice() {
        let catalogue = Catalogue::parse(MINIMAL, "my.toml").unwrap();
        let meetings = catalogue.services.iter().find(|service| service.id == "meetings").unwrap();
        let prefixes: Vec<String> = meetings.prefixes.iter().map(ToString::to_string).collect();
        assert_eq!(prefixes, ["170.114.0.0/16", "3.7.35.0/25", "2407:30c0::/32"]);
    }

    #[test]
    fn broken_toml_is_refused_where_it_breaks() {
        refused("[media]", "[media", "my.toml:81:7: unclosed table, expected `]`");
    }

    #[test]
    fn an_unknown_key_is_refused() {
        refused(
            "title = \"Web\"",
            "titel = \"Web\"",
            "my.toml:16:1: unknown field `titel`, expected one of `id`, `title`, `ports`, `names`, `third_party`, `lists`, `prefixes`, `evidence`, `source`",
        );
        refused(
            "source = \"a test\"",
            "source = \"a test\"\nextra = 1",
            "my.toml:4:1: unknown field `extra`, expected one of `revision`, `source`, `lists`, `service`, `host`, `status`, `control`, `portal`, `resolver`, `stun`, `media`, `canary`, `client`, `error`, `certificates`, `inspector`, `blockpage`, `family_dns`",
        );
    }

    #[test]
    fn a_missing_key_is_refused() {
        refused("what = \"log\"\n", "", "my.toml:41:1: missing field `what`");
        refused(
            "[media]\nservers",
            "[medium]\nservers",
            "my.toml:81:2: unknown field `medium`, expected one of `revision`, `source`, `lists`, `service`, `host`, `status`, `control`, `portal`, `resolver`, `stun`, `media`, `canary`, `client`, `error`, `certificates`, `inspector`, `blockpage`, `family_dns`",
        );
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_refused() {
        refused("port = 443", "port = \"443\"", r#"my.toml:33:8: invalid type: string "443", expected a port number"#);
        refused("\"9.9.9.9\"", "9", "my.toml:71:14: invalid type: integer `9`, expected a text in quotes");
        refused(
            "\"sign-in\"",
            "\"signin\"",
            "my.toml:34:8: unknown variant `signin`, expected one of `sign-in`, `side`, `range`, `media`, `certificate`, `status`, `control`, `portal`, `resolver`, `canary`, `host`",
        );
    }

    #[test]
    fn a_prefix_with_host_bits_is_refused() {
        refused(
            "170.114.0.0/16",
            "170.114.1.0/16",
            "my.toml:10:3: prefix 170.114.1.0/16 has host bits set; write 170.114.0.0/16",
        );
        refused(
            "2407:30c0::/32",
            "2407:30c0::1/32",
            "my.toml:27:31: prefix 2407:30c0::1/32 has host bits set; write 2407:30c0::/32",
        );
    }

    #[test]
    fn a_prefix_without_a_length_is_refused() {
        refused("3.7.35.0/25", "3.7.35.0", "my.toml:11:3: prefix 3.7.35.0 has no length; write 3.7.35.0/32");
    }

    #[test]
    fn a_malformed_prefix_is_refused() {
        refused(
            "3.7.35.0/25",
            "3.7.35.0/33",
            r#"my.toml:11:3: prefix "3.7.35.0/33" is malformed; write 170.114.0.0/16 or 2407:30c0::/32"#,
        );
        refused(
            "3.7.35.0/25",
            "\\u001b[2J",
            r#"my.toml:11:3: prefix "\u{1b}[2J" is malformed; write 170.114.0.0/16 or 2407:30c0::/32"#,
        );
    }

    #[test]
    fn a_prefix_that_no_operator_has_is_refused() {
        refused(
            "3.7.35.0/25",
            "0.0.0.0/0",
            "my.toml:11:3: prefix 0.0.0.0/0 is too wide; write prefixes of /8 or longer",
        );
        refused(
            "2407:30c0::/32",
            "2000::/3",
            "my.toml:27:31: prefix 2000::/3 is too wide; write prefixes of /16 or longer",
        );
    }

    #[test]
    fn a_prefix_that_stands_twice_is_refused() {
        refused("3.7.35.0/25", "170.114.0.0/16", "my.toml:11:3: prefix 170.114.0.0/16 stands twice; keep one");
    }

    #[test]
    fn a_port_out_of_range_is_refused() {
        refused("port = 443", "port = 0", "my.toml:33:8: port 0 is out of range; write 1 to 65535");
        refused("port = 443", "port = 65536", "my.toml:33:8: port 65536 is out of range; write 1 to 65535");
        refused(
            "tcp/443",
            "tcp/0",
            r#"my.toml:17:10: port range "tcp/0" holds a port out of range; write ports from 1 to 65535"#,
        );
        refused(
            "udp/8801-8810",
            "udp/8801-88100",
            r#"my.toml:25:21: port range "udp/8801-88100" holds a port out of range; write ports from 1 to 65535"#,
        );
    }

    #[test]
    fn a_malformed_port_range_is_refused() {
        refused(
            "udp/8801-8810",
            "udp/8810-8801",
            r#"my.toml:25:21: port range "udp/8810-8801" runs backwards; write udp/8801-8810"#,
        );
        refused(
            "tcp/443",
            "443",
            r#"my.toml:17:10: port range "443" names no transport; write tcp/443 or udp/8801-8810"#,
        );
        refused(
            "tcp/443",
            "sctp/443",
            r#"my.toml:17:10: port range "sctp/443" names no transport; write tcp/443 or udp/8801-8810"#,
        );
        refused(
            "tcp/443",
            "tcp/https",
            r#"my.toml:17:10: port range "tcp/https" is malformed; write tcp/443 or udp/8801-8810"#,
        );
    }

    #[test]
    fn a_malformed_name_is_refused() {
        refused(
            "\"log.zoom.us\"",
            "\"Log.zoom.us\"",
            r#"my.toml:42:8: name "Log.zoom.us" is malformed; write a host name in lower case without a final dot, such as zoom.us"#,
        );
        refused(
            "\"log.zoom.us\"",
            "\"log.zoom.us.\"",
            r#"my.toml:42:8: name "log.zoom.us." is malformed; write a host name in lower case without a final dot, such as zoom.us"#,
        );
        refused(
            "\"log.zoom.us\"",
            "\"log..zoom.us\"",
            r#"my.toml:42:8: name "log..zoom.us" is malformed; write a host name in lower case without a final dot, such as zoom.us"#,
        );
        refused(
            "\"log.zoom.us\"",
            "\"170.114.52.2\"",
            r#"my.toml:42:8: name "170.114.52.2" is malformed; write a host name in lower case without a final dot, such as zoom.us"#,
        );
        refused(
            "\"*.zoom.us\"",
            "\"*zoom.us\"",
            r#"my.toml:18:10: name "*zoom.us" is malformed; write zoom.us or *.zoom.us, in lower case"#,
        );
    }

    #[test]
    fn a_malformed_address_is_refused() {
        refused(
            "\"9.9.9.9\"",
            "\"9.9.9\"",
            r#"my.toml:71:14: address "9.9.9" is malformed; write 192.0.2.1 or 2001:db8::1"#,
        );
        refused(
            "162.255.37.14:3478",
            "162.255.37.14:0",
            r#"my.toml:82:12: address "162.255.37.14:0" is malformed; write 192.0.2.1:3478 or [2001:db8::1]:3478, port 1 to 65535"#,
        );
    }

    #[test]
    fn a_canary_that_somebody_may_own_is_refused() {
        refused(
            "192.0.2.1",
            "192.0.3.1",
            "my.toml:88:14: canary 192.0.3.1 may have an owner; write a documentation address, such as 192.0.2.1 or 2001:db8::1",
        );
    }

    #[test]
    fn a_malformed_target_is_refused() {
        refused(
            "detectportal.firefox.com:80/tcp",
            "detectportal.firefox.com",
            r#"my.toml:64:10: target "detectportal.firefox.com" is malformed; write example.com:80/tcp or 192.0.2.1:80/tcp"#,
        );
        refused(
            "detectportal.firefox.com:80/tcp",
            "detectportal.firefox.com:80/udp",
            r#"my.toml:64:10: target "detectportal.firefox.com:80/udp" is malformed; write example.com:80/tcp or 192.0.2.1:80/tcp"#,
        );
        refused(
            "detectportal.firefox.com:80/tcp",
            "this-host",
            r#"my.toml:64:10: target "this-host" is malformed; write example.com:80/tcp or 192.0.2.1:80/tcp"#,
        );
    }

    #[test]
    fn a_path_that_would_break_a_request_line_is_refused() {
        refused(
            "/success.txt",
            "/success.txt HTTP/1.1\\r\\nX: y",
            r#"my.toml:65:8: path "/success.txt HTTP/1.1\u{d}\u{a}X: y" is malformed; begin with a slash and write visible ASCII"#,
        );
    }

    #[test]
    fn a_malformed_date_is_refused() {
        refused(
            "revision = \"2026-10-08\"",
            "revision = \"8.10.2026\"",
            r#"my.toml:2:12: date "8.10.2026" is malformed; write 2026-10-08"#,
        );
        refused("2025-11-01", "2025-13-01", r#"my.toml:95:9: date "2025-13-01" is malformed; write 2026-10-08"#);
    }

    #[test]
    fn a_day_that_no_calendar_has_is_refused() {
        for day in [
            "2026-02-30",
            "2026-02-31",
            "2026-02-29",
            "2100-02-29",
            "2026-04-31",
            "2026-13-01",
            "2026-00-10",
            "2026-10-00",
            "2026-10-32",
            "0000-10-08",
            "1999-12-31",
            "20261008",
            "2026-10-8",
            "2026-10-08T00:00",
            " 2026-10-08",
            "+002026-10-08",
            "",
        ] {
            let problem = format!("my.toml:2:12: date \"{day}\" is malformed; write 2026-10-08");
            refused("revision = \"2026-10-08\"", &format!("revision = \"{day}\""), &problem);
        }
    }

    #[test]
    fn the_leap_day_of_a_leap_year_is_a_date() {
        let text = include_str!("fixtures/minimal.toml").replacen("2026-10-08", "2028-02-29", 1);
        assert_eq!(Catalogue::parse(&text, "my.toml").unwrap().revision, "2028-02-29");
    }

    #[test]
    fn a_malformed_version_is_refused() {
        refused("6.0.2", "6.0", r#"my.toml:94:11: version "6.0" is malformed; write 6.0.2"#);
    }

    #[test]
    fn a_word_that_matches_too_much_is_refused() {
        refused(
            "matches = [\"Zscaler\"]",
            "matches = [\"Z\"]",
            r#"my.toml:110:12: word "Z" would match too much; write three characters or more, no blanks around them"#,
        );
    }

    #[test]
    fn a_host_that_stands_twice_is_refused() {
        refused("\"log.zoom.us\"", "\"zoom.us\"", "my.toml:42:8: host zoom.us stands twice; keep one");
    }

    #[test]
    fn a_service_that_stands_twice_is_refused() {
        refused("id = \"meetings\"", "id = \"web\"", r#"my.toml:23:6: service "web" stands twice; keep one"#);
    }

    #[test]
    fn an_unknown_list_is_refused() {
        refused(
            "lists = [\"meetings\"]",
            "lists = [\"meeting\"]",
            r#"my.toml:26:10: list "meeting" is unknown; write one of meetings"#,
        );
    }

    #[test]
    fn a_list_in_no_service_is_refused() {
        refused(
            "lists = [\"meetings\"]\n",
            "",
            r#"my.toml:5:1: list "meetings" is in no service; name it in a service's lists or delete it"#,
        );
    }

    #[test]
    fn a_catalogue_without_a_decisive_host_is_refused() {
        refused(
            "decisive = true\n",
            "",
            "my.toml:31:1: no host is decisive; write decisive = true at the host without which a client shows 5003",
        );
    }

    #[test]
    fn a_decisive_host_that_is_no_sign_in_host_is_refused() {
        refused(
            "role = \"side\"",
            "role = \"side\"\ndecisive = true",
            "my.toml:45:12: host log.zoom.us is no sign-in host; only those are decisive",
        );
    }

    #[test]
    fn a_role_that_no_host_has_is_refused() {
        refused(
            "role = \"side\"",
            "role = \"canary\"",
            "my.toml:44:8: role belongs to no host; write sign-in, side, certificate, status or media",
        );
    }

    #[test]
    fn columns_count_characters() {
        refused("[\"DigiCert\"]", "[\"Čau\", 5]", "my.toml:104:19: invalid type: integer `5`, expected a string");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn no_text_makes_the_reader_panic(text: String) {
            let _ = Catalogue::parse(&text, "any.toml");
        }

        #[test]
        fn no_change_of_a_catalogue_makes_the_reader_panic(at in 0..MINIMAL.len(), length in 0usize..40, new in "\\PC{0,12}|[\\[\\]{}=\"\n0-9./-]{0,12}") {
            let end = (at + length).min(MINIMAL.len());
            let text = [&MINIMAL[..at], &new, &MINIMAL[end..]].concat();
            let _ = Catalogue::parse(&text, "any.toml");
        }
    }
}
