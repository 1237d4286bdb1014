//! Wrong usage and files that can't be used: one line on standard error, nothing on standard output, exit code 3.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::namespace::Inside;
use crate::printed::check;
use crate::program::{FOLDER, inside, run};

/// `refused.txt` holds the commands and what is said to each; a new case is a new line there.
pub(crate) fn what_can_not_be_done_is_said_in_one_line() {
    let cases = fs::read_to_string(Path::new(FOLDER).join("refused.txt")).unwrap();
    let mut told = String::new();
    for command in cases.lines().filter_map(|line| line.strip_prefix("$ why5003 ")) {
        let arguments: Vec<&str> = command.split(' ').collect();
        let ran = run(&mut inside(Inside::Loopback, &arguments));
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{command}: {}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{command}: {}", ran.err);
        let _ = write!(told, "$ why5003 {command}\n{}\n", ran.err);
    }
    check("refused.txt", told.trim_end_matches('\n'));
}
