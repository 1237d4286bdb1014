//! `why5003 catalogue export`: what goes to which stream, what is refused.

use std::fs;

use why5003::rules::FORMATS;

use crate::{folder, names_in, out, put, small, text_of, why5003};

#[test]
fn every_format_is_listed_and_written() {
    let (_, help, _) = out(&mut why5003(&["catalogue", "export", "--help"]));
    for format in FORMATS {
        assert!(help.contains(&format!("- {}:", format.name)), "{}: {help}", format.name);
        let (code, rules, said) = out(&mut why5003(&["--quiet", "catalogue", "export", "--as", format.name]));
        assert_eq!((code, said.as_str()), (Some(0), ""), "{}", format.name);
        assert!(rules.contains("170.114.0.0") && rules.contains("2407:30c0::/32"), "{}", format.name);
    }
}

#[test]
fn a_file_gets_the_rules_and_standard_output_nothing() {
    let folder = folder("export");
    let file = text_of(&folder.join("zoom.json"));
    let (code, written, said) = out(&mut why5003(&["catalogue", "export", "--as", "aws", "--out", &file]));
    assert_eq!((code, written.as_str()), (Some(0), ""));
    assert!(said.contains("201 rules for IPv4 and 12 for IPv6, and a security group takes 60 of each"), "{said}");
    assert!(serde_json::from_str::<serde_json::Value>(&fs::read_to_string(&file).unwrap()).is_ok());
    assert_eq!(names_in(&folder), ["zoom.json"]);
}

#[test]
fn one_family_and_one_service_are_what_was_asked_for() {
    let arguments = ["catalogue", "export", "--as", "csv", "--service", "cdn", "-6"];
    let (code, rules, said) = out(&mut why5003(&arguments));
    let lines: Vec<&str> = rules.lines().skip(1).collect();
    let expected = [
        "cdn,\"Downloads and static files\",out,2407:30c0:180::/47,tcp,443,443",
        "cdn,\"Downloads and static files\",out,2600:9000:2600::/48,tcp,443,443",
    ];
    assert_eq!((code, lines), (Some(0), expected.to_vec()));
    assert!(said.ends_with("IPv6 alone, as asked for\n"), "{said}");
}

#[test]
fn a_catalogue_of_the_users_is_exported() {
    let folder = folder("export-own");
    let own = put(&folder, "own.toml", &small("https://zoom.example/a", "https://zoom.example/b"));
    let (code, rules, _) = out(&mut why5003(&["--catalogue", &own, "catalogue", "export", "--as", "iptables"]));
    assert_eq!(code, Some(0));
    assert!(rules.contains("\n-4 -A zoom-meetings -d 115.117.119.96/27 -j ACCEPT\n"), "{rules}");
}

#[test]
fn what_has_no_prefixes_can_not_be_exported() {
    let (code, rules, said) = out(&mut why5003(&["catalogue", "export", "--as", "nftables", "--service", "web"]));
    let expected = "why5003: could not write rules: what was asked for has no prefixes; let it out by name \
                    (why5003 catalogue show)\n";
    assert_eq!((code, rules.as_str(), said.as_str()), (Some(3), "", expected));
}

#[test]
fn an_unknown_service_or_format_is_one_line_with_the_known_ones() {
    let (code, _, said) = out(&mut why5003(&["catalogue", "export", "--as", "csv", "--service", "meeting"]));
    assert!(said.starts_with("why5003: there is no service \"meeting\"; write one of web, meetings, "), "{said}");
    assert_eq!((code, said.lines().count()), (Some(3), 1));
    let (code, _, said) = out(&mut why5003(&["catalogue", "export", "--as", "pf"]));
    assert!(said.contains("'pf'") && said.contains("nftables, iptables, cisco-asa"), "{said}");
    assert_eq!((code, said.lines().count()), (Some(3), 1));
}
