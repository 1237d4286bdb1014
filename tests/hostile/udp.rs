//! Whoever answers datagrams that are no DNS.

use why5003_probes::model::{Dialect, Probe, ProbeName, Role, Settings, Target};

use crate::harm::{STEERS, does_no_harm, impatient};
use crate::peer::{Peer, Says};

#[tokio::test]
async fn garbage_for_stun_ends() {
    for dialect in [Dialect::Stun, Dialect::Zoom] {
        for says in [
            Says::always(*b"\x01\x01\x00\x08\x21\x12\xa4\x42 of somebody's"),
            Says::always(vec![0xff; 1400]),
            Says::once(STEERS),
            Says::once(vec![1]),
            // A length of 65 535, an attribute that is longer than all of it.
            Says::once(*b"\x01\x01\xff\xff\x21\x12\xa4\x42............\x00\x20\xff\xff"),
            Says::always(*b"\xff").slowly(),
        ] {
            let settings = Settings { dialect: Some(dialect), ..impatient() };
            let peer = Peer::udp(says).await;
            let probe = Probe::new(ProbeName::Udp, Role::Media, Target::udp(peer.address())).with(settings);
            does_no_harm(probe, peer).await;
        }
    }
}

#[tokio::test]
async fn garbage_for_large_datagrams_ends() {
    for says in [Says::always(vec![0xff; 1400]), Says::once(STEERS)] {
        let peer = Peer::udp(says).await;
        let probe = Probe::new(ProbeName::Mtu, Role::Media, Target::udp(peer.address())).with(impatient());
        does_no_harm(probe, peer).await;
    }
}
