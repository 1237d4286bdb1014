//! The functions that a proxy script may call, but for those of time, as Netscape's "Navigator Proxy Auto-Config File
//! Format" (1996) and MDN's page on it describe them.
//!
//! Names and addresses in, an answer out: nothing is looked up here. A name that is not known is noted, and answered as one
//! that does not resolve.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

/// What a script may learn of the network.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The address that this computer sends from.
    pub(super) own: Option<IpAddr>,
    /// Names that were looked up; empty where there is no such name.
    pub(super) names: HashMap<String, Vec<IpAddr>>,
    /// Names that a script asked for and that were not looked up.
    pub(super) asked: RefCell<BTreeSet<String>>,
}

impl Known {
    fn addresses(&self, host: &str) -> Vec<IpAddr> {
        if let Ok(address) = host.parse() {
            return vec![address];
        }
        let host = host.to_ascii_lowercase();
        if let Some(addresses) = self.names.get(&host) {
            return addresses.clone();
        }
        let mut asked = self.asked.borrow_mut();
        if (1..=253).contains(&host.len()) && asked.len() < NAMES {
            asked.insert(host);
        }
        Vec::new()
    }

    /// `dnsResolve`: the first IPv4 address of a host.
    pub(super) fn dns_resolve(&self, host: &str) -> Option<String> {
        self.addresses(host).into_iter().find(IpAddr::is_ipv4).map(|address| address.to_string())
    }

    /// `dnsResolveEx`: every address, parted by semicolons; empty where there is none.
    pub(super) fn dns_resolve_ex(&self, host: &str) -> String {
        let addresses: Vec<String> = self.addresses(host).iter().map(IpAddr::to_string).collect();
        addresses.join(";")
    }

    /// `isInNet`: whether a host's IPv4 address, masked, is the pattern, masked.
    pub(super) fn is_in_net(&self, host: &str, pattern: &str, mask: &str) -> bool {
        let address =
            self.addresses(host).into_iter().find_map(|a| if let IpAddr::V4(v4) = a { Some(v4) } else { None });
        let (Some(address), Ok(pattern), Ok(mask)) = (address, pattern.parse::<Ipv4Addr>(), mask.parse::<Ipv4Addr>())
        else {
            return false;
        };
        address & mask == pattern & mask
    }

    /// `isInNetEx`: whether one of a host's addresses lies in a prefix.
    pub(super) fn is_in_net_ex(&self, host: &str, prefix: &str) -> bool {
        prefix.parse::<IpNet>().is_ok_and(|prefix| self.addresses(host).iter().any(|address| prefix.contains(address)))
    }

    /// `myIpAddress`: 127.0.0.1 where it is not known, as browsers say.
    pub(super) fn my_ip_address(&self) -> String {
        self.own.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)).to_string()
    }
}

/// `isPlainHostName`: a name without a dot.
pub(super) fn is_plain_host_name(host: &str) -> bool {
    !host.contains('.') && host.parse::<IpAddr>().is_err()
}

/// `dnsDomainIs`: whether a host's name ends in this one.
pub(super) fn dns_domain_is(host: &str, domain: &str) -> bool {
    host.to_ascii_lowercase().ends_with(&domain.to_ascii_lowercase())
}

/// `localHostOrDomainIs`: the name itself, or its first label alone.
pub(super) fn local_host_or_domain_is(host: &str, name: &str) -> bool {
    let (host, name) = (host.to_ascii_lowercase(), name.to_ascii_lowercase());
    host == name || name.strip_prefix(&host).is_some_and(|rest| rest.starts_with('.'))
}

/// `dnsDomainLevels`: how many dots a name has.
pub(super) fn dns_domain_levels(host: &str) -> u32 {
    u32::try_from(host.matches('.').count()).unwrap_or(u32::MAX)
}

/// `convert_addr`: an IPv4 address as a number; 0 where it is none.
pub(super) fn convert_addr(address: &str) -> f64 {
    address.parse::<Ipv4Addr>().map_or(0.0, |address| f64::from(u32::from(address)))
}

/// `shExpMatch`: whether a text matches a shell's pattern, in which `*` is any text and `?` any character.
///
/// The work grows with both lengths' product, and nothing can end it before: texts longer than 2048 bytes match nothing.
pub(super) fn sh_exp_match(text: &str, pattern: &str) -> bool {
    if text.len() > LONGEST || pattern.len() > LONGEST {
        return false;
    }
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    let (mut at, mut wanted) = (0, 0);
    // Where the last star stands, and how much of the text it has taken.
    let mut star: Option<(usize, usize)> = None;
    while let Some(c) = text.get(at) {
        match pattern.get(wanted) {
            Some('*') => {
                star = Some((wanted, at));
                wanted += 1;
            }
            Some(p) if *p == '?' || p == c => {
                at += 1;
                wanted += 1;
            }
            _ => {
                let Some((stood, taken)) = star else { return false };
                star = Some((stood, taken + 1));
                at = taken + 1;
                wanted = stood + 1;
            }
        }
    }
    pattern.get(wanted..).unwrap_or_default().iter().all(|rest| *rest == '*')
}

/// The longest text and pattern that are matched: URLs and host names are shorter.
const LONGEST: usize = 2048;
/// How many names of one script are looked up: scripts in use ask for one or two.
const NAMES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_pattern_matches_the_whole_text() {
        for (text, pattern, matches) in [
            ("http://zoom.us/", "http://*.us/", true),
            ("zoom.us", "*zoom*", true),
            ("zoom.us", "zoom.u?", true),
            ("zoom.us", "zoom", false),
            ("zoom.us", "*.com", false),
            ("", "*", true),
            ("aab", "*ab", true),
            ("a[b]", "a[b]", true),
        ] {
            assert_eq!(sh_exp_match(text, pattern), matches, "{text} {pattern}");
        }
    }

    #[test]
    fn a_pattern_of_stars_ends() {
        assert!(!sh_exp_match(&"a".repeat(2000), &"*a".repeat(1000).replace("*a*a", "*a*b")));
    }

    #[test]
    fn names_are_compared_by_their_ends_and_labels() {
        assert!(is_plain_host_name("intranet") && !is_plain_host_name("zoom.us") && !is_plain_host_name("::1"));
        assert!(dns_domain_is("Web.ZOOM.us", ".zoom.us") && !dns_domain_is("zoom.us.example", ".zoom.us"));
        assert!(local_host_or_domain_is("www", "www.zoom.us") && !local_host_or_domain_is("w", "www.zoom.us"));
        assert_eq!(dns_domain_levels("us05web.zoom.us"), 2);
        assert_eq!(convert_addr("1.0.0.1").to_string(), "16777217");
    }

    #[test]
    fn an_unknown_name_is_noted_and_does_not_resolve() {
        let mut known = Known::default();
        known.names.insert("zoom.us".to_owned(), vec!["::1".parse().unwrap(), "170.114.52.2".parse().unwrap()]);
        assert_eq!(known.dns_resolve("Zoom.us").as_deref(), Some("170.114.52.2"));
        assert_eq!(known.dns_resolve("corp.example"), None);
        assert_eq!(known.asked.borrow().iter().collect::<Vec<_>>(), ["corp.example"]);
        assert!(known.is_in_net("zoom.us", "170.114.0.0", "255.255.0.0"));
        assert!(
            known.is_in_net_ex("zoom.us", "::/64") && !known.is_in_net("170.115.0.1", "170.114.0.0", "255.255.0.0")
        );
    }
}
