//! `why5003 catalogue` as it is called: exit codes, what goes to which stream, and what is written.
//!
//! Nothing leaves loopback.

#![expect(clippy::unwrap_used, reason = "a test that can't go on stops where it is")]

mod export;
mod server;

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use server::{Page, Server};
use why5003::catalogue::Catalogue;

/// The program, with a proxy in its environment that nobody must use for loopback, and nothing else.
fn why5003(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_why5003"));
    command.args(args).env_clear().env("https_proxy", "http://127.0.0.1:9").env("no_proxy", "127.0.0.1");
    command
}

fn out(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _absent = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn put(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    text_of(&path)
}

fn text_of(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The smallest catalogue, with two lists at these places.
fn small(meetings: &str, phone: &str) -> String {
    let text = include_str!("../../src/catalogue/fixtures/minimal.toml");
    let text = text.replace("https://zoom.example/ZoomMeetings.txt", meetings);
    let text = text.replace("lists = [\"meetings\"]", "lists = [\"meetings\", \"phone\"]");
    format!(
        "{text}\n[lists.phone]\nurl = \"{phone}\"\nsource = \"a test\"\nretrieved = \"2026-10-08\"\nprefixes = [\"115.117.119.96/27\"]\n"
    )
}

#[test]
fn a_service_is_shown_as_a_list_that_reads_back() {
    let (code, shown, said) = out(&mut why5003(&["catalogue", "show", "meetings"]));
    assert_eq!((code, said.as_str()), (Some(0), ""));
    let prefixes: Vec<&str> = shown.lines().filter(|line| !line.starts_with('#')).collect();
    let service = Catalogue::embedded().services.into_iter().find(|service| service.id == "meetings").unwrap();
    assert_eq!(prefixes, service.prefixes.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(why5003::catalogue::parse_prefix_list(&shown, "shown"), Ok(service.prefixes));
}

#[test]
fn the_catalogue_fits_into_eighty_columns() {
    let (code, shown, _) = out(&mut why5003(&["catalogue", "show", "--verbose"]));
    assert_eq!(code, Some(0));
    let wide: Vec<&str> = shown.lines().filter(|line| line.chars().count() > 80).collect();
    assert_eq!(wide, Vec::<&str>::new());
    for part in ["built in", "SERVICES", "udp/8801-8810", "HOSTS", "decisive", "CONTROLS", "RESOLVERS", "PREFIXES"] {
        assert!(shown.contains(part), "{part}");
    }
}

#[test]
fn the_catalogue_in_json_is_the_whole_of_it() {
    let (code, shown, _) = out(&mut why5003(&["catalogue", "show", "--format", "json"]));
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((code, shown), (Some(0), serde_json::to_value(Catalogue::embedded()).unwrap()));
}

#[test]
fn an_unknown_service_is_one_line_and_exit_code_3() {
    let (code, shown, said) = out(&mut why5003(&["catalogue", "show", "meeting"]));
    assert_eq!((code, shown.as_str()), (Some(3), ""));
    assert!(said.starts_with("why5003: there is no service \"meeting\"; write one of web, meetings, "), "{said}");
    assert_eq!(said.lines().count(), 1);
}

#[test]
fn an_imported_catalogue_serves_as_a_catalogue() {
    let folder = folder("import");
    let meetings = put(&folder, "ZoomMeetings.txt", "3.7.35.0/25\r\n170.114.0.0/16\r\n192.0.2.0/24");
    let phone = put(&folder, "ZoomPhone.txt", "115.117.119.96/27\n121.244.203.192/27\n");
    let new = text_of(&folder.join("new.toml"));
    let (code, written, said) = out(&mut why5003(&["catalogue", "import", &meetings, &phone, "--out", &new]));
    assert_eq!((code, written.as_str()), (Some(0), ""), "{said}");
    assert!(said.starts_with("meetings: 1 added, 48 removed, 50 before, 3 now\n  + 192.0.2.0/24\n  - "), "{said}");
    assert!(said.ends_with("\nphone: no change, 2 prefixes\n"), "{said}");
    assert_eq!(names_in(&folder), ["ZoomMeetings.txt", "ZoomPhone.txt", "new.toml"]);

    let (code, shown, said) = out(&mut why5003(&["--catalogue", &new, "catalogue", "show", "meetings"]));
    assert_eq!((code, said.as_str()), (Some(0), ""));
    assert!(shown.contains("\n3.7.35.0/25\n170.114.0.0/16\n192.0.2.0/24\n"), "{shown}");
}

#[test]
fn an_import_goes_to_standard_output_where_no_file_is_named() {
    let folder = folder("stdout");
    let list = put(&folder, "Zoom.txt", "170.114.0.0/16\n");
    let (code, written, said) = out(&mut why5003(&["--quiet", "catalogue", "import", &list]));
    assert_eq!((code, said.as_str()), (Some(0), ""));
    let prefixes = &Catalogue::parse(&written, "stdout").unwrap().lists["meetings"].prefixes;
    assert_eq!(prefixes.iter().map(ToString::to_string).collect::<Vec<_>>(), ["170.114.0.0/16"]);
}

#[test]
fn a_malformed_line_is_named_with_its_file_and_line_and_the_old_file_stays() {
    let folder = folder("malformed");
    let list = put(&folder, "ZoomCDN.txt", "52.84.151.0/24\n<html>Sign in</html>\n");
    let new = put(&folder, "new.toml", "old");
    let (code, _, said) = out(&mut why5003(&["catalogue", "import", &list, "--out", &new]));
    assert_eq!(code, Some(3));
    let expected = format!("why5003: could not use the list: {list}:2:1: prefix \"<html>Sign in</html>\" is malformed");
    assert!(said.starts_with(&expected) && said.lines().count() == 1, "{said}");
    assert_eq!(fs::read_to_string(&new).unwrap(), "old");
}

#[test]
fn a_file_of_an_unknown_name_is_refused_with_the_known_ones() {
    let folder = folder("unknown");
    let list = put(&folder, "ranges.txt", "170.114.0.0/16\n");
    let (code, _, said) = out(&mut why5003(&["catalogue", "import", &list]));
    let expected = format!(
        "why5003: could not tell which list {list} is: name it as Zoom does, one of ZoomCDN.txt, ZoomCDN-IPv6.txt, \
         ZoomMeetings.txt, ZoomMeetings-IPv6.txt, ZoomPhone.txt, Zoom.txt\n"
    );
    assert_eq!((code, said), (Some(3), expected));
}

#[test]
fn a_list_that_is_given_twice_is_refused() {
    let folder = folder("twice");
    let one = put(&folder, "Zoom.txt", "170.114.0.0/16\n");
    let two = put(&folder, "ZoomMeetings.txt", "170.114.0.0/16\n");
    let (code, _, said) = out(&mut why5003(&["catalogue", "import", &one, &two]));
    let expected = format!("why5003: could not use {two}: list meetings is given twice; give one file of it\n");
    assert_eq!((code, said), (Some(3), expected));
}

#[test]
fn what_is_no_regular_file_is_not_replaced() {
    let folder = folder("device");
    let list = put(&folder, "Zoom.txt", "170.114.0.0/16\n");
    let target = text_of(&folder);
    let (code, _, said) = out(&mut why5003(&["catalogue", "import", &list, "--out", &target]));
    assert_eq!((code, said), (Some(3), format!("why5003: could not write {target}: it is no regular file\n")));
}

#[test]
#[cfg(unix)]
fn a_link_is_written_through_and_its_target_keeps_its_mode() {
    let folder = folder("link");
    let list = put(&folder, "Zoom.txt", "170.114.0.0/16\n");
    let real = put(&folder, "real.toml", "old");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    let link = folder.join("link.toml");
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let (code, ..) = out(&mut why5003(&["catalogue", "import", &list, "--out", &text_of(&link)]));
    assert_eq!(code, Some(0));
    assert!(link.is_symlink() && Catalogue::parse(&fs::read_to_string(&real).unwrap(), "real").is_ok());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(names_in(&folder), ["Zoom.txt", "link.toml", "real.toml"]);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = why5003(&["catalogue", "show", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    assert_eq!((status.code(), String::from_utf8(stderr).unwrap().as_str()), (Some(0), ""));
}

#[test]
fn an_update_fetches_every_list_over_verified_https() {
    let folder = folder("update");
    let server = Server::start(vec![
        Page { path: "/ZoomMeetings.txt", body: "3.7.35.0/25\r\n192.0.2.0/24" },
        Page { path: "/ZoomPhone.txt", body: "115.117.119.96/27\n" },
    ]);
    let old = put(&folder, "old.toml", &small(&server.url("/ZoomMeetings.txt"), &server.url("/ZoomPhone.txt")));
    let roots = put(&folder, "roots.pem", &server.root);
    let (code, written, said) =
        out(&mut why5003(&["--catalogue", &old, "--roots", &roots, "catalogue", "update", "--out", &old]));
    assert_eq!((code, written.as_str()), (Some(0), ""), "{said}");
    assert_eq!(
        said,
        "meetings: 1 added, 1 removed, 2 before, 2 now\n  + 192.0.2.0/24\n  - 170.114.0.0/16\n\
         phone: no change, 1 prefixes\n"
    );
    let new = Catalogue::parse(&fs::read_to_string(&old).unwrap(), "new").unwrap();
    let list = &new.lists["meetings"];
    assert_eq!(list.source, format!("{}, as served", server.url("/ZoomMeetings.txt")));
    assert_eq!(list.retrieved, new.revision);
}

#[test]
fn one_list_that_is_missing_ends_the_update_and_nothing_is_written() {
    let folder = folder("missing");
    let server = Server::start(vec![Page { path: "/ZoomMeetings.txt", body: "3.7.35.0/25" }]);
    let text = small(&server.url("/ZoomMeetings.txt"), &server.url("/ZoomPhone.txt"));
    let old = put(&folder, "old.toml", &text);
    let roots = put(&folder, "roots.pem", &server.root);
    let (code, written, said) =
        out(&mut why5003(&["--catalogue", &old, "--roots", &roots, "catalogue", "update", "--out", &old]));
    let url = server.url("/ZoomPhone.txt");
    let expected = format!("why5003: could not update list phone: fetch {url}: the server answered with status 404\n");
    assert_eq!((code, written.as_str(), said), (Some(3), "", expected));
    assert_eq!(fs::read_to_string(&old).unwrap(), text);
    assert_eq!(names_in(&folder), ["old.toml", "roots.pem"]);
}

#[test]
fn a_page_in_the_place_of_a_list_is_named_with_its_url_and_line() {
    let folder = folder("page");
    let server = Server::start(vec![Page { path: "/ZoomMeetings.txt", body: "<html>\nSign in" }]);
    let url = server.url("/ZoomMeetings.txt");
    let old = put(&folder, "old.toml", &small(&url, &server.url("/ZoomPhone.txt")));
    let roots = put(&folder, "roots.pem", &server.root);
    let (code, _, said) = out(&mut why5003(&["--catalogue", &old, "--roots", &roots, "catalogue", "update"]));
    let expected = format!("why5003: could not update list meetings: {url}:1:1: prefix \"<html>\" is malformed");
    assert!(code == Some(3) && said.starts_with(&expected), "{said}");
}

#[test]
fn a_server_of_another_root_is_not_believed() {
    let folder = folder("untrusted");
    let server = Server::start(vec![Page { path: "/ZoomMeetings.txt", body: "3.7.35.0/25" }]);
    let url = server.url("/ZoomMeetings.txt");
    let old = put(&folder, "old.toml", &small(&url, &url));
    let (code, _, said) = out(&mut why5003(&["--catalogue", &old, "catalogue", "update"]));
    let expected =
        format!("why5003: could not update list meetings: fetch {url}: invalid peer certificate: UnknownIssuer\n");
    assert_eq!((code, said), (Some(3), expected));
}

#[test]
fn a_dead_proxy_is_named() {
    let folder = folder("proxy");
    let url = "https://127.0.0.1:9/ZoomMeetings.txt";
    let old = put(&folder, "old.toml", &small(url, url));
    let args = ["--catalogue", &old, "--proxy", "http://me:secret@127.0.0.1:9", "catalogue", "update"];
    let (code, _, said) = out(&mut why5003(&args));
    let expected = format!(
        "why5003: could not update list meetings through proxy http://127.0.0.1:9: fetch {url}: refused at proxy \
         (ECONNREFUSED)\n"
    );
    assert_eq!((code, said), (Some(3), expected));
}
