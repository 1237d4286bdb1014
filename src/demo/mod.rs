//! A look-alike of Zoom on loopback, on which the real diagnosis runs with the real probes.
//!
//! Nothing of it leaves this computer: whatever is dialled is led to an address of one block of 127.0.0.0/8 or fails.

mod authority;
mod block;
mod catalogue;
mod clock;
mod controls;
mod dns;
mod doh;
mod doors;
mod error;
mod faults;
mod houses;
mod layout;
mod path;
mod proxy;
mod servers;
mod shifted;
mod status;
mod system;
mod tls;
mod udp;
mod web;
mod world;
mod zoom;

pub use clock::DemoClock;
pub use error::DemoError;
pub use faults::{FAULTS, Fault};
pub use layout::{
    Chain, Datagrams, HostsFile, Layout, Names, Passage, PlainHttp, ProxyManner, StatusSays, Store, ZoomSays,
};
pub use shifted::Shifted;
pub use system::DemoSystem;
pub use world::{World, start};
