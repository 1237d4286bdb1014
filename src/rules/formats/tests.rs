//! What holds for every format: nothing breaks out, nothing is lost, limits are kept.

use proptest::prelude::*;

use super::*;
use crate::rules::Allow;

/// Text that tries to end a quoted text, a comment, a line, or a JSON value, and long ones.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\"'\\\\\n\r\t;#!?{}\\[\\]`$|&<>\u{2028}a ]{0,40}",
        "[a-z ]{200,700}",
        Just("x\"\nend\nconfig system admin\nedit \"evil\"".to_owned()),
        Just("x\" } }\nflush ruleset\n#".to_owned()),
    ]
}

fn harmless(id: &str, title: &str, line: &str) -> Ruleset {
    let allow = Allow {
        id: id.to_owned(),
        title: title.to_owned(),
        prefixes: ["170.114.0.0/16", "3.7.35.1/32", "2407:30c0::/32"].map(|prefix| prefix.parse().unwrap()).to_vec(),
        ports: ["tcp/443", "udp/8801-8810"].map(|ports| ports.parse().unwrap()).to_vec(),
    };
    Ruleset::new(&[line.to_owned()], &[allow])
}

/// The text with all that a hostile text may have put there made the same: what is left is syntax.
fn syntax(text: &str, rules: &Ruleset) -> String {
    let group = rules.groups().first().unwrap();
    let name = [group.name.clone(), group.name.replace('-', "_")];
    let mut text =
        text.replace(&format!("Zoom: {}", group.title), "TITLE").replace(&format!("\"{}\"", group.title), "TITLE");
    for (before, after) in [("zoom-", ""), ("zoom_", ""), ("", ",")] {
        for name in &name {
            text = text.replace(&format!("{before}{name}{after}"), "NAME");
        }
    }
    for line in rules.header().iter().filter(|line| !line.is_empty()) {
        text = text.replace(line, "");
    }
    text
}

/// The lines that are no comments; of JSON, all but the comment of a template.
fn without_comments(text: &str) -> String {
    if let Ok(mut value) = serde_json::from_str::<serde_json::Value>(text) {
        if let Some(comment) = value.pointer_mut("/metadata/comments/0") {
            *comment = serde_json::Value::Null;
        }
        return value.to_string();
    }
    text.lines().filter(|line| !line.starts_with(['#', '!'])).collect::<Vec<_>>().join("\n")
}

proptest! {
    #[test]
    fn no_text_of_a_catalogue_changes_how_many_lines_or_quotes_there_are(id in hostile(), title in hostile()) {
        let (hostile, plain) = (harmless(&id, &title, "c"), harmless("a", "b", "c"));
        for format in FORMATS {
            let (hostile, plain) = ((format.write)(&hostile), (format.write)(&plain));
            for mark in ['\n', '"', '\'', '\\', '`', '$', ';', '{', '}', '[', ']', '#', '!', '?', '|', '&', '<', '>'] {
                prop_assert_eq!(hostile.matches(mark).count(), plain.matches(mark).count(), "{} {:?}", format.name, mark);
            }
            prop_assert!(hostile.is_ascii(), "{}", format.name);
        }
    }

    #[test]
    fn no_line_of_a_header_leaves_its_comment(line in hostile()) {
        let (hostile, plain) = (harmless("a", "b", &line), harmless("a", "b", "c"));
        for format in FORMATS {
            prop_assert_eq!(
                without_comments(&(format.write)(&hostile)), without_comments(&(format.write)(&plain)), "{}", format.name
            );
        }
    }

    #[test]
    fn words_of_a_catalogue_stand_only_where_texts_do(title in "[B-Y]{30,60}", id in "[b-y]{8,16}") {
        // Long words, so that none is a part of the syntax by chance.
        let (some, other) = (harmless(&id, &title, "Q"), harmless("zzzzzzzz", &"Z".repeat(40), "Q"));
        for format in FORMATS {
            prop_assert_eq!(
                syntax(&(format.write)(&some), &some),
                syntax(&(format.write)(&other), &other),
                "{}", format.name
            );
        }
    }
}

#[test]
fn every_format_writes_every_prefix_and_port() {
    let rules = harmless("meetings", "Meetings", "a test");
    for format in FORMATS {
        let text = (format.write)(&rules);
        for part in ["170.114.0.0", "3.7.35.1", "2407:30c0::/32", "443", "8801", "8810", "tcp", "udp"] {
            assert!(text.to_ascii_lowercase().contains(part), "{}: {part}\n{text}", format.name);
        }
        assert!(text.ends_with('\n'), "{}", format.name);
    }
}

#[test]
fn every_format_says_where_its_rules_come_from() {
    let rules = harmless("meetings", "Meetings", "catalogue of 2026-10-08");
    for format in FORMATS {
        let said = (format.write)(&rules) + &(format.notes)(&rules).join("\n");
        assert!(said.contains("catalogue of 2026-10-08"), "{}", format.name);
    }
}

#[test]
fn the_longest_remark_fits_into_ciscos_hundred_characters() {
    let rules = harmless("meetings", &"x".repeat(300), "a test");
    for name in ["cisco-asa", "cisco-ios"] {
        let text = (format(name).unwrap().write)(&rules);
        let longest = text.lines().filter_map(|line| line.split_once("remark ")).map(|(_, remark)| remark.len()).max();
        assert!(longest.is_some_and(|length| length <= 100), "{name}: {longest:?}");
    }
}

#[test]
fn names_of_formats_are_words_and_stand_once() {
    let names: std::collections::BTreeSet<&str> = FORMATS.iter().map(|format| format.name).collect();
    assert_eq!(names.len(), FORMATS.len());
    assert!(names.iter().all(|name| name.chars().all(|c| matches!(c, 'a'..='z' | '-'))), "{names:?}");
    assert_eq!(format("nope").map(|format| format.name), None);
}

#[test]
fn one_family_alone_leaves_no_trace_of_the_other() {
    let both = harmless("meetings", "Meetings", "a test");
    let of = |prefix: &str| {
        let allow = Allow {
            id: "meetings".to_owned(),
            title: "Meetings".to_owned(),
            prefixes: vec![prefix.parse().unwrap()],
            ports: vec!["tcp/443".parse().unwrap()],
        };
        Ruleset::new(both.header(), &[allow])
    };
    for format in FORMATS {
        let v4 = (format.write)(&of("170.114.0.0/16"));
        for trace in ["-v6", "_v6", "any6", "address6", "ipv6", "-6 ", "Ipv6Ranges"] {
            assert!(!v4.contains(trace), "{}: {trace}", format.name);
        }
        let v6 = (format.write)(&of("2407:30c0::/32"));
        for trace in ["-v4", "_v4", "any4", "address\n", "ip access-list", "-4 ", "IpRanges"] {
            assert!(!v6.replace("Ipv6Ranges", "").contains(trace), "{}: {trace}", format.name);
        }
    }
}

#[test]
fn aws_is_told_of_a_rule_once() {
    let wanted = |id: &str, prefixes: &[&str], ports: &[&str]| Allow {
        id: id.to_owned(),
        title: id.to_owned(),
        prefixes: prefixes.iter().map(|prefix| prefix.parse().unwrap()).collect(),
        ports: ports.iter().map(|ports| ports.parse().unwrap()).collect(),
    };
    let rules = Ruleset::new(
        &[],
        &[
            wanted("a", &["170.114.0.0/16", "2600:9000:2600::/48"], &["tcp/443-444"]),
            wanted("b", &["170.114.45.0/24", "52.84.151.0/24", "2600:9000:2600::/48"], &["tcp/443"]),
        ],
    );
    let written: serde_json::Value = serde_json::from_str(&(format("aws").unwrap().write)(&rules)).unwrap();
    let second = serde_json::json!({
        "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
        "IpRanges": [{ "CidrIp": "52.84.151.0/24", "Description": "Zoom: b" }],
    });
    assert_eq!(written.as_array().map(|all| (all.len(), all.get(1))), Some((2, Some(&second))));
}
