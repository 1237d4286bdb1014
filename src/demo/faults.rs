//! The faults that a world can have: a table of what each changes in a healthy world, and of what a diagnosis must find.
//!
//! Nothing here opens a socket; a world is only described.

use std::time::Duration;

use super::layout::{
    Chain, Datagrams, HEALTHY, HostsFile, Layout, Names, Passage, PlainHttp, ProxyManner, StatusSays, Store, ZoomSays,
};
use crate::verdict::Status;

/// A fault, and what a diagnosis of a world with it must say.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// Its name on the command line.
    pub name: &'static str,
    /// What is wrong in that world, in one sentence.
    pub summary: &'static str,
    /// The verdict's status.
    pub status: Status,
    /// The id of the first cause; `None` where there is none to find.
    pub cause: Option<&'static str>,
    /// Ids of the other causes, in any order.
    pub others: &'static [&'static str],
    /// The world.
    pub layout: Layout,
}

/// A company's network: the web is reached through its proxy or not at all.
const BEHIND_PROXY: Layout = Layout {
    zoom_tcp: Passage::Dropped,
    neutral_tcp: Passage::Dropped,
    plain_http: PlainHttp::Dropped,
    proxy: Some(ProxyManner::Works),
    ..HEALTHY
};

/// A resolver that denies Zoom's names.
const NAMES_BLOCKED: Layout = Layout { zoom_names: Names::Denied, log_names: Names::Denied, ..HEALTHY };

/// A gateway that inspects everybody's TLS and whose root is in this computer's store.
const INSPECTED: Layout =
    Layout { zoom_chain: Chain::Inspected, neutral_chain: Chain::Inspected, store: Store::WithInspection, ..HEALTHY };

/// Three years, in days of 24 hours.
const THREE_YEARS: Duration = Duration::from_secs(3 * 365 * 86_400);

/// Every fault, the healthy world first.
pub const FAULTS: &[Fault] = &[
    Fault {
        name: "healthy",
        summary: "nothing is wrong",
        status: Status::Healthy,
        cause: None,
        others: &[],
        layout: HEALTHY,
    },
    Fault {
        name: "dns-blocked",
        summary: "the configured resolver says that Zoom's names do not exist",
        status: Status::Blocked,
        cause: Some("dns.name-blocked"),
        others: &[],
        layout: NAMES_BLOCKED,
    },
    Fault {
        name: "dns-wrong-answer",
        summary: "the configured resolver answers for Zoom's names with the address of a block page",
        status: Status::Blocked,
        cause: Some("dns.wrong-answer"),
        others: &[],
        layout: Layout { zoom_names: Names::BlockPage, log_names: Names::BlockPage, ..HEALTHY },
    },
    Fault {
        name: "dns-servfail",
        summary: "the configured resolver fails for Zoom's names and answers for all others",
        status: Status::Blocked,
        cause: Some("dns.servfail"),
        others: &[],
        layout: Layout { zoom_names: Names::Failing, log_names: Names::Failing, ..HEALTHY },
    },
    Fault {
        name: "resolver-down",
        summary: "the configured resolver is silent, others answer",
        status: Status::Blocked,
        cause: Some("dns.resolver-down"),
        others: &[],
        layout: Layout { zoom_names: Names::Silent, log_names: Names::Silent, other_names: Names::Silent, ..HEALTHY },
    },
    Fault {
        name: "side-host",
        summary: "the configured resolver answers 0.0.0.0 for Zoom's log names, as ad blockers do",
        status: Status::Degraded,
        cause: Some("dns.wrong-answer"),
        others: &[],
        layout: Layout { log_names: Names::Unspecified, ..HEALTHY },
    },
    Fault {
        name: "hosts-file",
        summary: "the hosts file pins zoom.us to an address where nobody lives",
        status: Status::Blocked,
        cause: Some("host.hosts-file"),
        others: &[],
        layout: Layout { hosts_file: HostsFile::PinsZoom, ..HEALTHY },
    },
    Fault {
        name: "clock-skew",
        summary: "this computer's clock is three years ahead",
        status: Status::Blocked,
        cause: Some("host.clock-skew"),
        others: &[],
        layout: Layout { clock_ahead: THREE_YEARS, ..HEALTHY },
    },
    Fault {
        name: "no-internet",
        summary: "nothing beyond the local resolver answers, and that one only fails",
        status: Status::Blocked,
        cause: Some("path.internet-down"),
        others: &[],
        layout: Layout {
            zoom_names: Names::Failing,
            log_names: Names::Failing,
            other_names: Names::Failing,
            independents: Names::Silent,
            zoom_tcp: Passage::Dropped,
            neutral_tcp: Passage::Dropped,
            plain_http: PlainHttp::Dropped,
            zoom_udp: Datagrams::Silent,
            stun: Datagrams::Silent,
            ..HEALTHY
        },
    },
    Fault {
        name: "captive-portal",
        summary: "every web connection ends at a portal that wants a login",
        status: Status::Blocked,
        cause: Some("path.captive-portal"),
        others: &[],
        layout: Layout {
            plain_http: PlainHttp::CaptivePortal,
            zoom_chain: Chain::SelfSigned,
            neutral_chain: Chain::SelfSigned,
            ..HEALTHY
        },
    },
    Fault {
        name: "mtu-blackhole",
        summary: "large segments vanish without a word; simulated by servers that fall silent where a large segment size was agreed on",
        status: Status::Blocked,
        cause: Some("path.mtu-blackhole"),
        others: &[],
        layout: Layout { zoom_tcp: Passage::OnlySmallSegments, neutral_tcp: Passage::OnlySmallSegments, ..HEALTHY },
    },
    Fault {
        name: "drop",
        summary: "what is sent to Zoom's TCP port 443 vanishes",
        status: Status::Blocked,
        cause: Some("filter.drop"),
        others: &[],
        layout: Layout { zoom_tcp: Passage::Dropped, ..HEALTHY },
    },
    Fault {
        name: "syn-reset",
        summary: "a RST answers each SYN to Zoom's TCP port 443",
        status: Status::Blocked,
        cause: Some("filter.reset"),
        others: &[],
        layout: Layout { zoom_tcp: Passage::Refused, ..HEALTHY },
    },
    Fault {
        name: "reset",
        summary: "a RST ends each connection to Zoom's TCP port 443 as soon as it stands",
        status: Status::Blocked,
        cause: Some("filter.reset"),
        others: &[],
        layout: Layout { zoom_tcp: Passage::Reset, ..HEALTHY },
    },
    Fault {
        name: "sni-reset",
        summary: "a RST ends each connection, to whatever address, whose ClientHello names a host of Zoom's",
        status: Status::Blocked,
        cause: Some("filter.sni"),
        others: &[],
        layout: Layout { zoom_tcp: Passage::ResetByName, neutral_tcp: Passage::ResetByName, ..HEALTHY },
    },
    Fault {
        name: "large-hello",
        summary: "a ClientHello with a post-quantum key share is swallowed, a small one passes",
        status: Status::Blocked,
        cause: Some("filter.large-clienthello"),
        others: &[],
        layout: Layout { zoom_tcp: Passage::OnlySmallHello, neutral_tcp: Passage::OnlySmallHello, ..HEALTHY },
    },
    Fault {
        name: "udp-blocked",
        summary: "Zoom's UDP ports 3478 and 3479 are silent, others' UDP is not",
        status: Status::Degraded,
        cause: Some("filter.media-udp"),
        others: &[],
        layout: Layout { zoom_udp: Datagrams::Silent, ..HEALTHY },
    },
    Fault {
        name: "inspection",
        summary: "a gateway inspects everybody's TLS, and this computer trusts it",
        status: Status::Degraded,
        cause: Some("tls.inspection"),
        others: &[],
        layout: INSPECTED,
    },
    Fault {
        name: "inspection-untrusted",
        summary: "a gateway inspects everybody's TLS, and this computer does not trust it",
        status: Status::Blocked,
        cause: Some("tls.inspection"),
        others: &[],
        layout: Layout { store: Store::Public, ..INSPECTED },
    },
    Fault {
        name: "untrusted",
        summary: "at Zoom's addresses, a server vouches for itself",
        status: Status::Blocked,
        cause: Some("tls.untrusted"),
        others: &[],
        layout: Layout { zoom_chain: Chain::SelfSigned, ..HEALTHY },
    },
    Fault {
        name: "expired",
        summary: "Zoom's own certificate is over",
        status: Status::Blocked,
        cause: Some("zoom.certificate"),
        others: &[],
        layout: Layout { zoom_chain: Chain::Expired, ..HEALTHY },
    },
    Fault {
        name: "outage",
        summary: "Zoom answers 503 under its own certificate, and its status page says so",
        status: Status::Blocked,
        cause: Some("zoom.outage"),
        others: &[],
        layout: Layout { zoom_says: ZoomSays::Unavailable, status_says: StatusSays::MajorOutage, ..HEALTHY },
    },
    Fault {
        name: "proxy-works",
        summary: "nothing is wrong, but the web is reached through the configured proxy alone",
        status: Status::Healthy,
        cause: None,
        others: &[],
        layout: BEHIND_PROXY,
    },
    Fault {
        name: "proxy-407",
        summary: "the only way to the web is a proxy that wants a login",
        status: Status::Blocked,
        cause: Some("proxy.auth-required"),
        others: &[],
        layout: Layout { proxy: Some(ProxyManner::WantsLogin), ..BEHIND_PROXY },
    },
    Fault {
        name: "proxy-denied",
        summary: "the only way to the web is a proxy that denies Zoom's names",
        status: Status::Blocked,
        cause: Some("proxy.denied"),
        others: &[],
        layout: Layout { proxy: Some(ProxyManner::DeniesZoom), ..BEHIND_PROXY },
    },
    Fault {
        name: "proxy-dead",
        summary: "the only way to the web is a proxy at whose port nobody listens",
        status: Status::Blocked,
        cause: Some("proxy.unreachable"),
        others: &[],
        layout: Layout { proxy: Some(ProxyManner::Dead), ..BEHIND_PROXY },
    },
    Fault {
        name: "dns-blocked+sni-reset",
        summary: "the resolver denies Zoom's names, and whoever gets past it meets a filter on the names in TLS",
        status: Status::Blocked,
        cause: Some("dns.name-blocked"),
        others: &["filter.sni"],
        layout: Layout { zoom_tcp: Passage::ResetByName, neutral_tcp: Passage::ResetByName, ..NAMES_BLOCKED },
    },
    Fault {
        name: "inspection+udp-blocked",
        summary: "a gateway inspects everybody's TLS, and Zoom's UDP is silent",
        status: Status::Degraded,
        cause: Some("tls.inspection"),
        others: &["filter.media-udp"],
        layout: Layout { zoom_udp: Datagrams::Silent, ..INSPECTED },
    },
    Fault {
        name: "hosts-file+udp-blocked",
        summary: "the hosts file pins zoom.us to an address where nobody lives, and Zoom's UDP is silent",
        status: Status::Blocked,
        cause: Some("host.hosts-file"),
        others: &["filter.media-udp"],
        layout: Layout { hosts_file: HostsFile::PinsZoom, zoom_udp: Datagrams::Silent, ..HEALTHY },
    },
];

impl Fault {
    /// The fault of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FAULTS.iter().find(|fault| fault.name == name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_fault_has_a_name_of_its_own() {
        assert_eq!(FAULTS.iter().map(|fault| fault.name).collect::<HashSet<_>>().len(), FAULTS.len());
    }

    #[test]
    fn a_world_without_a_cause_is_healthy_and_no_other_is() {
        for fault in FAULTS {
            assert_eq!(fault.cause.is_none(), fault.status == Status::Healthy, "{}", fault.name);
        }
    }
}
