//! Who lives at which address of a world's block, and under which names: one table.
//!
//! It holds no behaviour; what a house serves follows from its kind, and what is wrong with it from the fault.

use super::block::Block;

/// A place with servers.
#[derive(Debug)]
pub(super) struct House {
    /// What stands there.
    pub(super) kind: Kind,
    /// Who runs it: `None` is Zoom, else an operator that has nothing to do with it.
    pub(super) operator: Option<&'static str>,
    /// Its names.
    pub(super) names: &'static [&'static str],
    /// Last octets of its addresses.
    pub(super) octets: &'static [u8],
    /// For the catalogue.
    pub(super) what: &'static str,
}

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A web host that the client needs to sign in.
    SignIn,
    /// Another web host of Zoom's.
    Side,
    /// A zone controller: TLS, no HTTP, no fixed name.
    Controller,
    /// Answers Zoom's dialect on UDP 3478 and 3479, and is silent on 8801 to 8810.
    Media,
    /// Zoom's status page, hosted elsewhere.
    Status,
    /// A neutral HTTPS host.
    Control,
    /// A plain-HTTP page whose content is known.
    Portal,
    /// Revocation lists over plain HTTP.
    Revocation,
    /// A resolver that nobody configured.
    Resolver,
    /// A STUN server.
    Stun,
}

/// Every house.
pub(super) const HOUSES: &[House] = &[
    zoom(Kind::SignIn, &["zoom.us"], &[34, 35, 66], "web service and sign-in"),
    zoom(Kind::SignIn, &["www3.zoom.us"], &[36, 67], "meeting lookup"),
    zoom(Kind::Side, &["us05web.zoom.us", "www.zoom.us", "www.zoom.com"], &[37, 68], "web service of a cluster"),
    zoom(Kind::Side, &["log.zoom.us", "log-gateway.zoom.us"], &[38, 69], "client log"),
    zoom(Kind::Side, &["logfiles.zoom.us"], &[39], "log upload"),
    zoom(Kind::Side, &["st1.zoom.us", "cdn.zoom.us"], &[98, 99], "static files"),
    zoom(Kind::Controller, &[], &[42, 74], "zone controllers"),
    zoom(Kind::Media, &[], &[46, 78], "media"),
    neutral(Kind::Status, OTHER, &["www.zoomstatus.com"], &[194], "Zoom's status page"),
    neutral(Kind::Control, FIRST, &["www.first.example"], &[130], "a neutral host"),
    neutral(Kind::Control, SECOND, &["www.second.example"], &[162], "a neutral host"),
    neutral(Kind::Portal, FIRST, &["portal.first.example"], &[131], "a page whose content is known"),
    neutral(Kind::Portal, SECOND, &["portal.second.example"], &[163], "a page whose content is known"),
    neutral(Kind::Resolver, FIRST, &["dns.first.example"], &[132], "a resolver"),
    neutral(Kind::Resolver, SECOND, &["dns.second.example"], &[164], "a resolver"),
    neutral(Kind::Stun, FIRST, &["stun.first.example"], &[133], "a STUN server"),
    neutral(Kind::Stun, SECOND, &["stun.second.example"], &[165], "a STUN server"),
    neutral(Kind::Revocation, OTHER, &["crl.authority.example"], &[195], "revocation lists"),
];

/// The computer that probes.
pub(super) const THIS_COMPUTER: u8 = 1;
/// The configured resolver.
pub(super) const RESOLVER: u8 = 2;
/// The proxy of the faults that have one.
pub(super) const PROXY: u8 = 3;
/// The login page of the captive portal.
pub(super) const LOGIN_PAGE: u8 = 4;
/// The block page that a filtering resolver points to.
pub(super) const BLOCK_PAGE: u8 = 5;
/// Where the hosts file sends Zoom's name: nobody lives there.
pub(super) const DEAD: u8 = 6;
/// Published prefixes, as first octet and length: two for meetings.
pub(super) const MEETINGS: &[(u8, u8)] = &[(32, 27), (64, 27)];
/// And one for the CDN.
pub(super) const CDN: &[(u8, u8)] = &[(96, 27)];
/// Stands for every address without a house: silent, as most of the internet is.
pub(super) const VOID: u8 = 254;

/// The page that blocks, by name.
pub(super) const BLOCK_PAGE_NAME: &str = "blocked.example";
/// The login page, by name.
pub(super) const LOGIN_PAGE_NAME: &str = "login.portal.example";

impl House {
    /// Whether it is Zoom's own, and so what a filter for Zoom is after.
    pub(super) fn is_zooms(&self) -> bool {
        self.operator.is_none()
    }

    /// Its addresses in a block.
    pub(super) fn addresses(&self, block: Block) -> impl Iterator<Item = std::net::Ipv4Addr> + '_ {
        self.octets.iter().map(move |&octet| block.at(octet))
    }
}

/// The houses of a kind.
pub(super) fn of(kind: Kind) -> impl Iterator<Item = &'static House> {
    HOUSES.iter().filter(move |house| house.kind == kind)
}

/// Whether a name is one that a filter for Zoom is after.
pub(super) fn is_zooms_name(name: &str) -> bool {
    ["zoom.us", "zoom.com"]
        .iter()
        .any(|zone| name.strip_suffix(zone).is_some_and(|before| before.is_empty() || before.ends_with('.')))
}

const FIRST: &str = "First Example";
const SECOND: &str = "Second Example";
const OTHER: &str = "Other Example";

const fn zoom(kind: Kind, names: &'static [&'static str], octets: &'static [u8], what: &'static str) -> House {
    House { kind, operator: None, names, octets, what }
}

const fn neutral(
    kind: Kind,
    operator: &'static str,
    names: &'static [&'static str],
    octets: &'static [u8],
    what: &'static str,
) -> House {
    House { kind, operator: Some(operator), names, octets, what }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_houses_share_an_address_or_a_name() {
        let octets: Vec<u8> = HOUSES.iter().flat_map(|house| house.octets).copied().collect();
        let names: Vec<&str> = HOUSES.iter().flat_map(|house| house.names).copied().collect();
        assert_eq!(octets.iter().collect::<HashSet<_>>().len(), octets.len());
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    }

    #[test]
    fn every_house_of_zooms_lies_in_a_published_prefix_and_no_other_does() {
        for house in HOUSES {
            for octet in house.octets {
                let published = MEETINGS.iter().chain(CDN).any(|(first, _)| (*first..first + 32).contains(octet));
                assert_eq!(published, house.is_zooms(), "{house:?}");
            }
        }
    }

    #[test]
    fn a_name_that_merely_ends_like_zooms_is_not_zooms() {
        assert!(is_zooms_name("zoom.us") && is_zooms_name("log.zoom.us") && is_zooms_name("www.zoom.com"));
        assert!(!is_zooms_name("notzoom.us") && !is_zooms_name("www.zoomstatus.com") && !is_zooms_name("us"));
    }
}
