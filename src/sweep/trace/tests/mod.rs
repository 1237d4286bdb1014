//! Traces of simulated networks: each network has one right answer, in milliseconds.

mod chance;
mod filters;
mod icmp;
mod paths;
mod properties;
mod replies;

/// Two prefixes of Zoom.
const ZOOM: [&str; 2] = ["159.124.0.0/16", "170.114.0.0/16"];
/// A port by TCP.
const TCP: [&str; 1] = ["tcp/443"];
/// A port by each transport.
const BOTH: [&str; 2] = ["tcp/443", "udp/8801"];
/// How all is well.
const TCP_PASSES: [&str; 2] = ["tcp/443 159.124.0.0/16 passes", "tcp/443 170.114.0.0/16 passes"];
