//! What is printed without looking at anything, and whom it is printed for.

use std::fs::File;
use std::path::Path;

use snapbox::{Assert, Data};
use why5003::verdict::CAUSES;

use crate::program::{FOLDER, run, why5003};

/// Compares a text with the file of that name; `SNAPSHOTS=overwrite` writes the file.
#[track_caller]
pub(crate) fn check(file: &str, text: &str) {
    let expected = Data::read_from(&Path::new(FOLDER).join(file), None).raw();
    Assert::new().action_env("SNAPSHOTS").eq(Data::text(text).raw(), expected);
}

pub(crate) fn help_and_version_are_no_errors() {
    for arguments in [["--help"], ["-h"], ["help"]] {
        let ran = run(&mut why5003(&arguments));
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{arguments:?}");
        assert!(ran.out.contains("Usage: why5003"), "{arguments:?}: {}", ran.out);
    }
    let ran = run(&mut why5003(&["-V"]));
    let version = format!("why5003 {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!((ran.code, ran.out, ran.err), (0, version, String::new()));
}

pub(crate) fn help_fits_80_columns() {
    let ran = run(why5003(&["--help"]).env("COLUMNS", "80"));
    let wide: Vec<&str> = ran.out.lines().filter(|line| line.chars().count() > 80).collect();
    assert_eq!(wide, [""; 0]);
    check("help.txt", &ran.out);
}

pub(crate) fn every_cause_is_explained() {
    for cause in CAUSES {
        let ran = run(&mut why5003(&["explain", cause.id]));
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", cause.id);
        let words: Vec<&str> = ran.out.split_whitespace().collect();
        assert!(words.join(" ").starts_with(&format!("{} {}", cause.id, cause.title)), "{}: {}", cause.id, ran.out);
    }
    let table = run(&mut why5003(&["explain"])).out;
    assert_eq!(table.lines().count(), CAUSES.len());
}

pub(crate) fn completions_manual_and_schema_are_printed() {
    for (arguments, holds) in [
        (&["completions", "bash"][..], "complete -F _why5003"),
        (&["completions", "zsh"], "#compdef why5003"),
        (&["completions", "fish"], "complete -c why5003"),
        (&["man"], ".TH why5003 1"),
        (&["schema"], "\"$id\": \"why5003.report/1\""),
    ] {
        let ran = run(&mut why5003(arguments));
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{arguments:?}");
        assert!(ran.out.contains(holds), "{arguments:?}: {}", ran.out);
    }
}

pub(crate) fn a_reader_that_went_away_is_no_error() {
    for arguments in [&["demo", "--list"][..], &["explain"], &["schema"], &["man"], &["--help"]] {
        assert_eq!(run_unread(arguments), (0, String::new()), "{arguments:?}");
    }
}

/// Else a pipe into `head` would call a blocked network healthy.
pub(crate) fn a_reader_that_went_away_changes_no_exit_code() {
    assert_eq!(run_unread(&["demo", "dns-blocked", "--quiet"]), (2, String::new()));
}

/// Exit code and standard error where nobody holds the other end of standard output.
fn run_unread(arguments: &[&str]) -> (i32, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ran = run(why5003(arguments).stdout(writer));
    (ran.code, ran.err)
}

pub(crate) fn a_full_disk_is_an_error() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let ran = run(why5003(&["schema"]).stdout(full));
    let told = "why5003: could not write to standard output: No space left on device (os error 28)\n";
    assert_eq!((ran.code, ran.err.as_str()), (3, told));
}

pub(crate) fn colour_is_for_terminals_and_by_request() {
    let steers = |text: &str| text.contains('\u{1b}');
    for arguments in [&["demo", "sni-reset"][..], &["explain", "filter.sni"], &["--help"], &["explain"]] {
        let piped = run(&mut why5003(arguments));
        assert!(!steers(&piped.out) && !steers(&piped.err), "{piped:?}");
    }
    let wanted = run(why5003(&["demo", "sni-reset"]).env("CLICOLOR_FORCE", "1"));
    assert!(steers(&wanted.out), "{wanted:?}");
    let both = run(why5003(&["demo", "sni-reset"]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1"));
    assert!(!steers(&both.out), "{both:?}");
}
