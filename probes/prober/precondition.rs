//! What a probe at one port must have before it can be taken: an address, a port of its transport, the direct way.
//!
//! It only checks; names are resolved by whoever plans the probe.

use std::net::SocketAddr;

use crate::model::{BadProbe, Family, Probe, Transport, Via};

/// Where a probe that goes straight to one port goes.
///
/// # Errors [`BadProbe`] when address or port is missing, or transport, route or a setting is not one that the kind
/// allows.
pub(crate) fn aim(probe: &Probe, transports: &[Transport]) -> Result<(SocketAddr, Transport), BadProbe> {
    let bad = |reason| Err(BadProbe { probe: probe.kind, target: probe.target.to_string(), reason });
    let (Some(to), Some((_, transport))) = (probe.target.socket(), probe.target.port) else {
        return bad("it needs an address and a port, such as 192.0.2.1:443/tcp");
    };
    if !transports.contains(&transport) {
        return bad("the port's transport is not one that this probe speaks; write it as :443/tcp or :3478/udp");
    }
    if probe.via != Via::Direct {
        return bad("it can only go direct");
    }
    let settings = &probe.settings;
    if settings.source.is_some_and(|source| Family::of(source) != Family::of(to.ip())) {
        return bad("the source address is of the other IP family");
    }
    if [settings.ttl, settings.traceroute, settings.tries].contains(&Some(0)) {
        return bad("ttl, traceroute and tries count from 1");
    }
    if settings.mss.is_some_and(|mss| !(88..=32_767).contains(&mss)) {
        return bad("mss must be 88 to 32767 (tcp(7), TCP_MAXSEG)");
    }
    Ok((to, transport))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ProbeName, Role, Settings};

    fn reason(target: &str, settings: Settings) -> Option<&'static str> {
        let probe = Probe::new(ProbeName::Tcp, Role::Control, target.parse().unwrap()).with(settings);
        aim(&probe, &[Transport::Tcp]).err().map(|bad| bad.reason)
    }

    #[test]
    fn an_address_with_a_port_is_enough() {
        assert_eq!(reason("zoom.us@192.0.2.1:443", Settings::default()), None);
    }

    #[test]
    fn what_cannot_be_probed_at_says_how_to_write_it() {
        let unset = Settings::default();
        assert!(reason("zoom.us:443", unset.clone()).unwrap().contains("192.0.2.1:443/tcp"));
        assert!(reason("192.0.2.1:443/udp", unset.clone()).unwrap().contains(":443/tcp"));
        let source = Some("::1".parse().unwrap());
        assert!(reason("192.0.2.1:443", Settings { source, ..unset.clone() }).unwrap().contains("family"));
        assert!(reason("192.0.2.1:443", Settings { ttl: Some(0), ..unset.clone() }).unwrap().contains("from 1"));
        assert!(reason("192.0.2.1:443", Settings { mss: Some(40), ..unset }).unwrap().contains("88"));
    }
}
