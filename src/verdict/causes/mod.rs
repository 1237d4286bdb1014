//! Every cause: a file each (or one for those that share a rule), and this list.

mod prelude;

mod client;
mod dns_injected;
mod dns_intercepted;
mod dns_name_blocked;
mod dns_resolver_down;
mod dns_servfail;
mod dns_slow;
mod dns_tcp_blocked;
mod dns_wrong_answer;
mod filter_after_handshake;
mod filter_block_page;
mod filter_drop;
mod filter_hello;
mod filter_media_tcp;
mod filter_media_udp;
mod filter_rate_limit;
mod filter_reject;
mod filter_reset;
mod filter_sni;
mod filter_udp_after_n;
mod host_clock_skew;
mod host_firewall;
mod host_hosts_file;
mod host_no_link;
mod host_no_route;
mod host_resources;
mod host_trust_store;
mod host_vpn;
mod link_gateway_down;
mod path_blackhole;
mod path_captive_portal;
mod path_fragments_dropped;
mod path_internet_down;
mod path_ipv6_broken;
mod path_loop;
mod path_loss;
mod path_mtu_blackhole;
mod path_nat64_dead;
mod path_nat_exhausted;
mod path_slow;
mod path_throttled;
mod proxy;
mod proxy_connect_port;
mod proxy_intercepts;
mod proxy_pac_failed;
mod proxy_required;
mod tls_inspection;
mod tls_untrusted;
mod zoom_certificate;
mod zoom_outage;

use super::cause::Cause;

/// Every cause, nearest layer first: in this order they are judged, and reported where nothing else decides. Media stand
/// behind all that can stop a sign-in, since they cannot.
pub const CAUSES: &[Cause] = &[
    host_no_link::CAUSE,
    host_no_route::CAUSE,
    host_resources::CAUSE,
    host_firewall::CAUSE,
    host_hosts_file::CAUSE,
    host_clock_skew::CAUSE,
    host_trust_store::CAUSE,
    host_vpn::BLACKHOLE,
    host_vpn::SPLIT,
    link_gateway_down::CAUSE,
    path_internet_down::CAUSE,
    path_captive_portal::CAUSE,
    path_blackhole::CAUSE,
    path_loop::CAUSE,
    path_nat_exhausted::CAUSE,
    path_loss::CAUSE,
    path_slow::CAUSE,
    path_throttled::CAUSE,
    path_mtu_blackhole::CAUSE,
    path_nat64_dead::CAUSE,
    path_ipv6_broken::CAUSE,
    dns_resolver_down::CAUSE,
    dns_intercepted::CAUSE,
    dns_injected::CAUSE,
    dns_name_blocked::CAUSE,
    dns_wrong_answer::CAUSE,
    dns_servfail::CAUSE,
    dns_tcp_blocked::CAUSE,
    dns_slow::CAUSE,
    proxy_required::CAUSE,
    proxy_pac_failed::CAUSE,
    proxy::UNREACHABLE,
    proxy::AUTH_REQUIRED,
    proxy_connect_port::CAUSE,
    proxy::DENIED,
    proxy::UPSTREAM_FAILED,
    proxy_intercepts::TRANSPARENT,
    proxy_intercepts::SYN,
    filter_block_page::CAUSE,
    filter_rate_limit::CAUSE,
    filter_reject::CAUSE,
    filter_drop::CAUSE,
    filter_reset::CAUSE,
    filter_hello::LARGE,
    filter_hello::VERSION,
    filter_sni::CAUSE,
    filter_after_handshake::CAUSE,
    tls_inspection::CAUSE,
    tls_untrusted::CAUSE,
    zoom_outage::CAUSE,
    zoom_certificate::CAUSE,
    filter_media_udp::CAUSE,
    filter_media_tcp::CAUSE,
    filter_udp_after_n::CAUSE,
    path_fragments_dropped::CAUSE,
    client::OUTDATED,
    client::LOCAL,
];

/// The cause of that id.
pub fn cause(id: &str) -> Option<&'static Cause> {
    CAUSES.iter().find(|cause| cause.id == id)
}
