//! The process inside a nest: builds the scenario's network, runs the program once, writes down what came of it.
//!
//! It is the first process of its namespace, so whatever it started ends with it.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use crate::nest::{As, Outcome, Told};
use crate::network::{self, sh};
use crate::scenario::{self, Scenario};
use crate::{certificates, datagrams, servers};

/// The scenario's directory, in memory.
pub(crate) const LAB: &str = "/run/lab";

/// Where the program is in the nest, readable for everybody.
const PROGRAM: &str = "/run/lab/why5003";

/// The longest that the program may run, in seconds.
const LONGEST: &str = "320";

/// Builds, runs, writes.
pub(crate) fn run(told: &Told) {
    let scenario = scenario::load(&told.scenario).unwrap_or_else(|why| panic!("{why}"));
    furnish(&scenario);
    certificates::write(scenario.world.certificates);
    network::build(&scenario, &told.scenario);
    network::break_it(&scenario);
    servers::start(&scenario);
    if scenario.world.stun {
        datagrams::serve();
    }
    let outcome = diagnose(&scenario, told.who);
    fs::write(&told.outcome, serde_json::to_vec(&outcome).unwrap()).unwrap();
}

/// The nest's own `/run`, `resolv.conf`, hosts file, and the program.
fn furnish(scenario: &Scenario) {
    // Squid's shared memory bears one name for all squids of a computer.
    sh("mount -t tmpfs -o mode=1777 lab /dev/shm");
    sh("mount -t tmpfs -o mode=755 lab /run && mkdir -p -m 1777 /run/lab && mkdir /run/netns");
    sh(&format!("touch {PROGRAM} && mount --bind {} {PROGRAM}", env!("CARGO_BIN_EXE_why5003")));
    let client = &scenario.client;
    let gateway = if client.ipv6 == scenario::Ipv6::Only { "2a01:4f8:1::1" } else { "10.0.1.1" };
    let mut resolvers: Vec<String> = client.resolvers.iter().map(ToString::to_string).collect();
    if resolvers.is_empty() {
        resolvers.push(gateway.to_owned());
    }
    let resolv_conf =
        format!("{}{}", servers::lines("nameserver ", &resolvers), servers::lines("", &client.resolv_conf));
    let hosts = servers::lines("", &client.hosts);
    instead("/etc/resolv.conf", "resolv.conf", &resolv_conf);
    instead("/etc/hosts", "hosts", &format!("127.0.0.1 localhost\n::1 localhost\n{hosts}"));
    instead("/etc/nsswitch.conf", "nsswitch.conf", "hosts: files dns\n");
    for place in [scenario.client.place(), scenario.office.place(), scenario.world.place()].iter().chain([
        &scenario.edge,
        &scenario.isp,
        &scenario.transit,
    ]) {
        for (name, text) in &place.files {
            fs::write(format!("{LAB}/{name}"), text.replace("$LAB", LAB)).unwrap();
        }
    }
}

/// Lays a file of ours over one of the system's, within this nest.
fn instead(path: &str, name: &str, text: &str) {
    let ours = format!("{LAB}/{name}");
    fs::write(&ours, text).unwrap();
    sh(&format!("test -e {path} || touch {path}; mount --bind {ours} $(readlink -f {path})"));
}

fn diagnose(scenario: &Scenario, who: As) -> Outcome {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", "client"]);
    if who == As::User {
        command.args(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    command.args(["timeout", "--signal=KILL", LONGEST]);
    command
        .arg("env")
        .args(scenario.client.env.iter().map(|(name, value)| format!("{name}={}", value.replace("$LAB", LAB))));
    command.args([PROGRAM, "--format", "json", "--quiet"]);
    // A sweep looks at no certificate, and says so.
    if scenario.expect.sweep.is_none() {
        command.args(["--roots", "/run/lab/root.pem"]);
    }
    command.args(scenario.client.args.iter().map(|arg| arg.replace("$LAB", LAB)));
    command.env("SSL_CERT_FILE", "/run/lab/store.pem").env_remove("SSL_CERT_DIR").stdin(Stdio::null());
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    sh(&format!("mkdir -m 777 {LAB}/{OUT}"));
    let before = network::sent();
    let start = Instant::now();
    let said = command.output().unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let after = network::sent();
    Outcome {
        report: serde_json::from_slice(&said.stdout).unwrap_or(Value::Null),
        exit_code: said.status.code(),
        stderr: String::from_utf8_lossy(&said.stderr).into_owned(),
        seconds,
        packets: after.0 - before.0,
        bytes: after.1 - before.1,
        words: final_states(),
    }
}

/// What a sweep's file says of every target at its end, if it wrote one.
fn final_states() -> Vec<Value> {
    let text = fs::read_to_string(format!("{LAB}/{OUT}/sweep.ndjson")).unwrap_or_default();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.filter(|line: &Value| line["state"].is_string()).collect()
}

/// A folder to which whoever runs the program may write.
const OUT: &str = "out";
