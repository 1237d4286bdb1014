//! What takes raw sockets and needs no wire: loopback, inside a namespace of its own.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use why5003_probes::engines::Response;
use why5003_probes::net::{Dial, Network, Sockets};

use crate::wire::{Came, asked, block_on, syn};
use crate::world::shell;

pub(crate) fn syn_tells_open_closed_and_silent_apart_on_loopback() {
    shell(
        "ip link set lo up\nnft 'table inet own { chain in { type filter hook input priority 0; tcp dport 9 drop; }; }'",
    );
    let listeners = ["127.0.0.1:0", "[::1]:0"].map(|any| TcpListener::bind(any).unwrap());
    let [open_v4, open_v6] = listeners.each_ref().map(|listener| listener.local_addr().unwrap());
    let [closed, silent] = ["127.0.0.1:7", "127.0.0.1:9"].map(|address| address.parse().unwrap());
    let wanted = [(open_v4, Response::Open), (open_v6, Response::Open), (closed, Response::Closed { ttl: Some(64) })];
    assert_eq!(came(&[open_v4, silent, open_v6, closed]), BTreeMap::from(wanted));
}

pub(crate) fn syn_tells_at_once_that_a_target_has_no_route() {
    shell("ip link set lo up");
    let to = "192.0.2.1:443".parse().unwrap();
    assert_eq!(came(&[to]), BTreeMap::from([(to, Response::Unreachable { by: None })]));
}

pub(crate) fn segments_tell_the_ttl_of_a_syn_ack_and_of_a_reset() {
    shell("ip link set lo up");
    let listeners = ["127.0.0.1:0", "[::1]:0"].map(|any| TcpListener::bind(any).unwrap());
    for listener in &listeners {
        assert_eq!(segments(listener.local_addr().unwrap()), [(false, 64)]);
    }
    assert_eq!(segments("127.0.0.1:7".parse().unwrap()), [(true, 64)]);
}

fn came(targets: &[SocketAddr]) -> Came {
    let prefixes = ["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
    block_on(async { asked(&mut syn(&prefixes).await, targets).await }).0
}

/// Whether each segment that answered was a RST, and its TTL.
fn segments(to: SocketAddr) -> Vec<(bool, u8)> {
    let dial = Dial::new(to, Duration::from_secs(5));
    let heard = block_on(async { Sockets::new().segment_ttls(dial).await }).unwrap();
    heard.iter().map(|segment| (segment.reset, segment.ttl)).collect()
}
