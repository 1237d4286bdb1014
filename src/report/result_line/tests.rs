//! One observation of each kind, and the line that tells it.

use std::time::Duration;

use serde_json::json;
use why5003_probes::model::{Probe, ProbeName, Role, Target};

use super::*;

fn saw(facts: serde_json::Value, failure: Option<Failure>) -> String {
    let probe = Probe::new(ProbeName::Tls, Role::SignIn, Target::name("zoom.us"));
    let facts: Vec<Fact> = serde_json::from_value(facts).unwrap();
    result_line(&Observation { id: 0, probe, started: Duration::ZERO, took: Duration::ZERO, facts, failure })
}

#[test]
fn a_denied_name_is_its_rcode_and_nothing_more() {
    let facts = json!([{"fact":"answer","rcode":"NXDOMAIN","addresses":[],"nth":1,"rtt_us":900}]);
    assert_eq!(saw(facts, Some(Failure::new(Stage::Resolve, How::NotFound))), "NXDOMAIN");
}

#[test]
fn an_answer_is_its_addresses() {
    let facts = json!([{"fact":"answer","rcode":"NOERROR","addresses":["170.114.52.2","170.114.52.3"],"ttl_s":60,"nth":1,"rtt_us":900}]);
    assert_eq!(saw(facts, None), "170.114.52.2 170.114.52.3 (ttl 60)");
}

#[test]
fn a_second_answer_with_many_addresses_is_cut() {
    let facts = json!([{"fact":"answer","rcode":"NOERROR","addresses":["::1","::2","::3","::4","::5","::6"],
        "aliases":["a.example","b.example"],"truncated":true,"authentic":true,"nth":2,"rtt_us":900}]);
    assert_eq!(
        saw(facts, None),
        "another answer: ::1 ::2 ::3 ::4 and 2 more (alias b.example, truncated, DNSSEC proved)"
    );
}

fn certificate(issuer: &str) -> serde_json::Value {
    json!({"subject":"CN=zoom.us","issuer":"CN=x","issuer_name":issuer,"not_before_s":0,"not_after_s":1,"sha256":"00"})
}

#[test]
fn a_good_exchange_is_told_in_the_order_of_the_way() {
    let facts = json!([
        {"fact":"connected","rtt_us":12100,"local":"10.0.0.2:5000","peer":"170.114.52.2:443"},
        {"fact":"hello_sent","bytes":1530,"server_name":"zoom.us","post_quantum":true},
        {"fact":"handshake","version":"1.3","cipher":"TLS_AES_128_GCM_SHA256","took_us":20000},
        {"fact":"chain","certificates":[certificate("DigiCert Inc")]},
        {"fact":"verified","roots":"public","fault":null},
        {"fact":"verified","roots":"system","fault":null},
        {"fact":"response","status":301,"took_us":3000},
    ]);
    assert_eq!(saw(facts, None), "connected 12.1 ms, TLS 1.3, chain to public root, HTTP 301");
}

#[test]
fn an_inspected_chain_names_its_issuer_and_who_trusts_it() {
    let chain = json!({"fact":"chain","certificates":[certificate("Zscaler")]});
    let public = json!({"fact":"verified","roots":"public","fault":"unknown_issuer"});
    let system = json!({"fact":"verified","roots":"system","fault":null});
    assert_eq!(saw(json!([chain, public]), None), "chain ends in no public root: issuer Zscaler");
    assert_eq!(
        saw(json!([chain, public, system]), None),
        "chain ends in no public root: issuer Zscaler, this computer trusts it"
    );
}

#[test]
fn an_icmp_error_names_its_sender_instead_of_the_failure() {
    let facts = json!([{"fact":"icmp","from":"10.0.1.1","meaning":"prohibited","kind":3,"code":13,"own":false}]);
    assert_eq!(saw(facts, Some(Failure::new(Stage::Connect, How::Prohibited))), "prohibited by 10.0.1.1");
}

#[test]
fn silence_tells_the_stage_the_time_and_the_tries() {
    let facts = json!([{"fact":"tries","made":3,"answered":0}]);
    let failure = Failure::new(Stage::Connect, How::Silent).after(Duration::from_millis(3200));
    assert_eq!(saw(facts, Some(failure)), "silent at connect after 3.2 s, 3 tries, none answered");
}

#[test]
fn a_proxy_that_wants_a_password_names_its_schemes() {
    let facts = json!([{"fact":"tunnel","status":407,"schemes":["Basic","Negotiate"],"took_us":1}]);
    assert_eq!(saw(facts, Some(Failure::new(Stage::Proxy, How::Denied))), "CONNECT 407 (Basic, Negotiate)");
}

fn hop(ttl: u8, came: &str, from: Option<&str>) -> serde_json::Value {
    json!({"fact":"hop","ttl":ttl,"came":came,"from":from})
}

#[test]
fn a_traceroute_tells_how_far_it_reached_and_how_it_ended() {
    let reached = [hop(1, "expired", Some("10.0.0.1")), hop(2, "silent", None), hop(3, "expired", Some("10.0.2.1"))];
    assert_eq!(saw(json!(reached), None), "traceroute: 2 hops answer, last 10.0.2.1");
    let silent = Failure::new(Stage::Connect, How::Silent);
    let died = [hop(1, "expired", Some("10.0.0.1")), hop(2, "silent", None), hop(3, "silent", None)];
    assert_eq!(saw(json!(died), Some(silent)), "traceroute: 1 hop answers, last 10.0.0.1, silent from TTL 2 to 3");
    let refused = [hop(1, "expired", Some("10.0.0.1")), hop(2, "prohibited", Some("10.0.1.1"))];
    assert_eq!(saw(json!(refused), None), "traceroute: 1 hop answers, last 10.0.0.1, prohibited by 10.0.1.1 at TTL 2");
}

#[test]
fn what_remains_has_a_line_each() {
    let lines = [
        (json!({"fact":"segment_ttl","segment":"rst","ttl":63,"after_us":900}), "RST with TTL 63 after 0.9 ms"),
        (json!({"fact":"alert","name":"unrecognized_name"}), "TLS alert unrecognized_name"),
        (json!({"fact":"garbage","text":"<html>"}), "not the protocol: \"<html>\""),
        (
            json!({"fact":"status_page","indicator":"minor","description":"Partial","impaired":["Phone: down"]}),
            "status page says minor: Partial; impaired: Phone: down",
        ),
        (
            json!({"fact":"reply","well_formed":true,"mapped":"203.0.113.9:4000","bytes":44,"rtt_us":20000}),
            "reply of 44 bytes in 20.0 ms, seen there as 203.0.113.9:4000",
        ),
        (
            json!({"fact":"proxy_setting","source":"environment","says":{"use":"http://p:3128"},"exempt":["a"]}),
            "proxy http://p:3128 from environment, not for a",
        ),
        (
            json!({"fact":"pac_script","status":200,"bytes":90,"is_script":true,"names_proxies":["p:1"],"names_direct":true}),
            "proxy script of 90 bytes that names p:1, DIRECT",
        ),
        (
            json!({"fact":"path_mtu","mtu_bytes":1400,"by":"handshake","announced_by":"10.0.0.1"}),
            "path MTU 1400 bytes by TLS handshakes, announced by 10.0.0.1",
        ),
        (json!({"fact":"size_tried","bytes":1400,"passed":false}), "1400 bytes do not pass"),
        (
            json!({"fact":"interface","name":"eth0","up":true,"kind":"link","addresses":["10.0.0.2/24"],"mtu_bytes":1500}),
            "eth0 up with 10.0.0.2/24, MTU 1500",
        ),
        (
            json!({"fact":"route","to":"192.0.2.1","interface":"eth0","gateway":"10.0.0.1","source":"10.0.0.2"}),
            "route to 192.0.2.1 by eth0 via 10.0.0.1 from 10.0.0.2",
        ),
        (
            json!({"fact":"neighbour","address":"10.0.0.1","interface":"eth0","state":"failed"}),
            "neighbour 10.0.0.1 on eth0 is failed",
        ),
        (
            json!({"fact":"hosts_line","file":"/etc/hosts","line":7,"address":"127.0.0.1","names":["zoom.us"]}),
            "/etc/hosts line 7 pins zoom.us to 127.0.0.1",
        ),
        (
            json!({"fact":"resolver","server":"127.0.0.53:53","source":"resolv.conf","stub":true}),
            "resolver 127.0.0.53:53, a stub on this computer (resolv.conf)",
        ),
        (json!({"fact":"limit","of":"descriptors","limit":1024,"used":30}), "30 of 1024 descriptors in use"),
        (
            json!({"fact":"client","found_at":"/opt/zoom","version":"6.2.0","packaging":"native",
                "processes":[{"pid":1,"name":"zoom","age_s":5}],"data_writable":false}),
            "Zoom 6.2.0 (native) at /opt/zoom, 1 process, its data folder cannot be written",
        ),
        (json!({"fact":"not_probed","what":"RST TTLs","why":"needs root"}), "not probed: RST TTLs (needs root)"),
    ];
    for (fact, line) in lines {
        assert_eq!(saw(json!([fact]), None), line);
    }
}

#[test]
fn a_probe_without_facts_or_failure_says_so() {
    assert_eq!(saw(json!([]), None), "nothing to note");
}

#[test]
fn hostile_text_stays_on_its_line_and_is_cut() {
    let line = saw(json!([{"fact":"garbage","text":format!("\u{1b}[2J\n\u{202e}{}", "A".repeat(5000))}]), None);
    assert!(line.starts_with("not the protocol: \"\\u{1b}[2J\\u{a}\\u{202e}AAA"), "{line}");
    assert!(line.chars().count() < 130, "{line}");
}
