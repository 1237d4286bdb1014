//! The line between transit and the world, where a scenario asks for more than a cable: late, lossy, slow, watched.
//!
//! Linux' netem does the first three where a kernel has it; many that tests run on have not. So a TUN device stands at either end,
//! and threads of ours carry packets from one to the other.

mod censor;
mod direction;

use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use nix::sched::{CloneFlags, setns};
use serde::Deserialize;
use tappers::{Interface, Tun};

use censor::{Censor, InjectDns, InjectReset};
use direction::Direction;

/// The longest packet that a line carries, in bytes: the MTU of a new TUN device.
const MTU: usize = 1500;

/// What a line does to packets, as a scenario says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Line {
    /// How long a packet is on the way, in milliseconds, each way: half a round trip.
    delay_ms: u64,
    /// How many of a hundred packets are lost, each way.
    loss_percent: f64,
    /// The same of those towards the world alone, in place of `loss_percent`.
    loss_up_percent: Option<f64>,
    /// The same of those towards the client alone.
    loss_down_percent: Option<f64>,
    /// Thousands of bits a second, each way; no limit where it isn't given.
    rate_kbit: Option<u32>,
    inject_rst: Option<InjectReset>,
    inject_dns: Option<InjectDns>,
}

/// A packet, and when it comes out at the other end.
type Sent = (Instant, Vec<u8>);

/// Lays the line: `to-world` in transit and `to-transit` in the world, without addresses. It carries until the nest ends.
pub(crate) fn lay(line: &Line, scenario: &str) {
    let near = open("transit", "to-world");
    let far = open("world", "to-transit");
    let up = line.loss_up_percent.unwrap_or(line.loss_percent);
    let down = line.loss_down_percent.unwrap_or(line.loss_percent);
    let one_way = |loss, way| {
        let delay = Duration::from_millis(line.delay_ms);
        Direction::new(delay, loss, line.rate_kbit, direction::seed(&format!("{scenario} {way}")))
    };
    let (upwards, downwards) = (one_way(up, "up"), one_way(down, "down"));
    let censor = Censor::new(line.inject_rst.clone(), line.inject_dns.clone());
    carry(Arc::clone(&near), Arc::clone(&far), upwards, Some(censor));
    carry(far, near, downwards, None);
}

/// Makes a TUN device at a place; only a thread of that namespace can.
fn open(place: &'static str, name: &'static str) -> Arc<Tun> {
    thread::spawn(move || {
        setns(File::open(format!("/run/netns/{place}")).unwrap(), CloneFlags::CLONE_NEWNET).unwrap();
        Arc::new(Tun::new_named(Interface::new(name).unwrap()).unwrap())
    })
    .join()
    .unwrap()
}

/// Carries packets one way.
fn carry(from: Arc<Tun>, to: Arc<Tun>, direction: Direction, censor: Option<Censor>) {
    let (sender, receiver) = channel();
    thread::spawn(move || take(&from, direction, censor.as_ref(), &sender));
    thread::spawn(move || hand_over(&to, &receiver));
}

fn take(from: &Tun, mut direction: Direction, censor: Option<&Censor>, sender: &Sender<Sent>) {
    let mut buffer = [0; MTU];
    loop {
        // A device that is not up yet is no reason to end.
        let Ok(length) = from.recv(&mut buffer) else {
            thread::sleep(Duration::from_millis(1));
            continue;
        };
        let packet = &buffer[..length];
        let forged = censor.map(|censor| censor.forge(packet)).unwrap_or_default();
        // The censor sits at this end: what it sends back is there before any true answer, whatever the line's delay.
        if let Some(back) = forged.back {
            drop(from.send(&back));
        }
        for packet in [Some(packet.to_vec()), forged.onward].into_iter().flatten() {
            if let Some(due) = direction.due(Instant::now(), packet.len()) {
                sender.send((due, packet)).unwrap();
            }
        }
    }
}

fn hand_over(to: &Tun, receiver: &Receiver<Sent>) {
    while let Ok((due, packet)) = receiver.recv() {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        // An interface that a scenario took down loses what comes, as a cable would.
        drop(to.send(&packet));
    }
}

/// The tests of what is pure here: the lab's binary has a harness of its own.
pub(crate) fn tests() -> Vec<Trial> {
    direction::tests().into_iter().chain(censor::tests()).collect()
}
