//! On a terminal, which `script` (util-linux) gives.

use std::process::{Command, Stdio};

use crate::program::{bare, run};

/// Why no terminal can be had, if none can.
pub(crate) fn lacking() -> Option<String> {
    let mut command = Command::new("script");
    command.args(["-qec", "true", "/dev/null"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let works = command.status().is_ok_and(|status| status.success());
    (!works).then(|| "no script of util-linux, which would give a terminal".to_owned())
}

/// What the demo of a fault writes to a terminal of 50 columns, and the exit code that comes through.
fn on_terminal(colour: bool) -> (i32, String) {
    let program = env!("CARGO_BIN_EXE_why5003");
    let no_color = if colour { "" } else { "NO_COLOR=1" };
    let words = format!("stty rows 24 cols 50; {no_color} TERM=xterm {program} demo dns-blocked --quiet");
    let ran = run(&mut bare(&["script", "-qec", &words, "/dev/null"], &[]));
    (ran.code, ran.out)
}

pub(crate) fn a_narrow_terminal_gets_narrow_text() {
    let (code, text) = on_terminal(true);
    assert_eq!(code, 2);
    assert!(text.contains("\u{1b}["), "{text}");
    let plain = anstream::adapter::strip_str(&text).to_string();
    let wide: Vec<&str> = plain.lines().filter(|line| line.chars().count() > 50).collect();
    // A command is to be copied, so it is never broken.
    let prose: Vec<&&str> = wide.iter().filter(|line| !line.starts_with("       ")).collect();
    assert!(prose.is_empty(), "{prose:#?}");
}

pub(crate) fn no_color_holds_on_a_terminal() {
    let (code, text) = on_terminal(false);
    assert_eq!(code, 2);
    assert!(!text.contains('\u{1b}'), "{text:?}");
}
