//! Lines of the hosts file that name hosts we ask for, read as glibc's `files` service reads them (hosts(5)).

use std::net::IpAddr;

use super::{Linux, files};
use crate::model::{CannotProbe, HostsLine};

const FILE: &str = "/etc/hosts";
/// Block lists against advertising reach some 10 MB; this is in bytes.
const LIMIT: u64 = 64 << 20;
/// Lines told of one file.
const MOST_LINES: usize = 200;

/// The lines that pin one of these names.
pub(super) fn hosts_lines(system: &Linux, names: &[String]) -> Result<Vec<HostsLine>, CannotProbe> {
    let text = files::text(&system.root.join("etc/hosts"), LIMIT, "read the hosts file")?;
    Ok(text.map(|text| parse(&text, names)).unwrap_or_default())
}

/// Names match whole and without regard to case; a line whose address is malformed pins nothing.
fn parse(text: &str, names: &[String]) -> Vec<HostsLine> {
    text.lines().zip(1..).filter_map(|(line, number)| read(line, number, names)).take(MOST_LINES).collect()
}

fn read(line: &str, number: u32, names: &[String]) -> Option<HostsLine> {
    let uncommented = line.split('#').next().unwrap_or_default();
    let mut words = uncommented.split_ascii_whitespace();
    let address: IpAddr = words.next()?.parse().ok()?;
    let mut pinned = Vec::new();
    for word in words {
        if let Some(name) = names.iter().find(|name| name.eq_ignore_ascii_case(word))
            && !pinned.contains(name)
        {
            pinned.push(name.clone());
        }
    }
    (!pinned.is_empty()).then(|| HostsLine { file: FILE.to_owned(), line: number, address, names: pinned })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    const HOSTS: &str = "\
127.0.0.1 localhost
# 192.0.2.9 zoom.us
192.0.2.1\tZoom.US  www.zoom.us # zoom.us again
::1 log.zoom.us
0.0.0.0 notzoom.us zoom.us.example
192.0.2.256 zoom.us
  192.0.2.2 zoom.us#tail
";

    fn names() -> Vec<String> {
        ["zoom.us", "www.zoom.us", "log.zoom.us"].map(str::to_owned).to_vec()
    }

    fn line(line: u32, address: &str, names: &[&str]) -> HostsLine {
        HostsLine {
            file: FILE.to_owned(),
            line,
            address: address.parse().unwrap(),
            names: names.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    #[test]
    fn pinned_names_come_with_file_line_and_address() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("etc")).unwrap();
        fs::write(folder.path().join("etc/hosts"), HOSTS).unwrap();
        assert_eq!(
            hosts_lines(&Linux::below(folder.path()), &names()).unwrap(),
            [
                line(3, "192.0.2.1", &["zoom.us", "www.zoom.us"]),
                line(4, "::1", &["log.zoom.us"]),
                line(7, "192.0.2.2", &["zoom.us"]),
            ]
        );
    }

    #[test]
    fn a_computer_without_a_hosts_file_pins_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(hosts_lines(&Linux::below(folder.path()), &names()).unwrap(), []);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).{0,200}") {
            parse(&text, &names());
        }

        #[test]
        fn a_name_that_is_not_asked_for_is_never_told(word in "[a-z.]{1,20}") {
            prop_assume!(!names().contains(&word));
            prop_assert_eq!(parse(&format!("192.0.2.1 {word}"), &names()), []);
        }
    }
}
