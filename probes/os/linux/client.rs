//! Installed Zoom clients: where, which version, which web host, what runs.
//!
//! The client's files hold private ids (a MAC address, meeting numbers): only the keys named here are ever read out, and
//! no path tells a user's name.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, Uid, eaccess};

use super::processes::{self, Running};
use super::{Linux, files};
use crate::model::{CannotProbe, Client};
use crate::wire::text::shown;

/// The clients, by packaging; a process that belongs to none of them is told as one of packaging `unknown`.
pub(super) fn clients(system: &Linux) -> Result<Vec<Client>, CannotProbe> {
    let mut running = processes::running(&system.root)
        .map_err(|source| CannotProbe::Io { operation: "list the running processes", source })?;
    let mut clients: Vec<Client> = Vec::new();
    for packaging in PACKAGINGS {
        clients.extend(packaging.installed(system).map(|place| packaging.client(system, &place, &mut running)));
    }
    clients.extend(strays(system, &running));
    Ok(clients)
}

impl Linux {
    /// The configuration files a Zoom client of this user may have, each with its spelling in reports.
    pub(super) fn zoom_configurations(&self) -> Vec<(PathBuf, String)> {
        let file = |packaging: &Packaging| {
            let path = self.home.as_ref()?.join(packaging.configuration);
            Some((path, format!("~/{}", packaging.configuration)))
        };
        PACKAGINGS.iter().filter_map(file).collect()
    }
}

/// One way in which the client is packaged. Paths: `causes-of-5003.md`, section 3, from public scripts and manifests.
struct Packaging {
    name: &'static str,
    /// Where it may be installed; `~` is the home folder.
    places: &'static [&'static str],
    /// Files below the place that hold the version alone.
    versions: &'static [&'static str],
    /// Below the home folder.
    configuration: &'static str,
    /// Below the home folder.
    data: &'static str,
    /// What the program's path or the control group of its processes holds.
    marks: &'static [&'static str],
}

const NATIVE: Packaging = Packaging {
    name: "native",
    places: &["/opt/zoom"],
    versions: &["version.txt"],
    configuration: ".config/zoomus.conf",
    data: ".zoom/data",
    marks: &["/opt/zoom/"],
};

const PACKAGINGS: [Packaging; 3] = [
    NATIVE,
    Packaging {
        name: "flatpak",
        places: &["/var/lib/flatpak/app/us.zoom.Zoom", "~/.local/share/flatpak/app/us.zoom.Zoom"],
        versions: &["current/active/files/extra/zoom/version.txt"],
        configuration: ".var/app/us.zoom.Zoom/config/zoomus.conf",
        data: ".var/app/us.zoom.Zoom/.zoom/data",
        marks: &["us.zoom.Zoom", "/app/extra/zoom/"],
    },
    Packaging {
        name: "snap",
        places: &["/snap/zoom-client/current", "/var/lib/snapd/snap/zoom-client/current"],
        versions: &["zoom/version.txt", "opt/zoom/version.txt"],
        configuration: "snap/zoom-client/current/.config/zoomus.conf",
        data: "snap/zoom-client/current/.zoom/data",
        marks: &["/snap/zoom-client/", "snap.zoom-client."],
    },
];

impl Packaging {
    /// The first of its places that is there.
    fn installed(&self, system: &Linux) -> Option<Place> {
        self.places.iter().find_map(|&name| {
            let path = match name.strip_prefix("~/") {
                Some(below) => system.home.as_ref()?.join(below),
                None => system.root.join(name.trim_start_matches('/')),
            };
            path.is_dir().then_some(Place { name, path })
        })
    }

    fn client(&self, system: &Linux, place: &Place, running: &mut Vec<Running>) -> Client {
        let home = system.home.as_deref();
        Client {
            found_at: place.name.to_owned(),
            version: self.versions.iter().find_map(|file| version(&place.path.join(file))),
            packaging: self.name.to_owned(),
            web_host: home.and_then(|home| web_host(&home.join(self.configuration))),
            processes: running.extract_if(.., |one| self.owns(one)).map(|one| one.process).collect(),
            data_writable: home.and_then(|home| writable(&home.join(self.data))),
        }
    }

    fn owns(&self, running: &Running) -> bool {
        let program = running.program.as_deref().map(Path::to_string_lossy).unwrap_or_default();
        self.marks.iter().any(|mark| program.contains(mark) || running.group.contains(mark))
    }
}

struct Place {
    name: &'static str,
    path: PathBuf,
}

/// Processes of a client that is installed elsewhere (Zoom also offers a plain archive, which keeps its files where the
/// native one does), or whose program may not be read.
fn strays(system: &Linux, running: &[Running]) -> Option<Client> {
    let first = running.first()?;
    let found_at = match &first.program {
        Some(program) => without_user(program, system.home.as_deref()),
        None => "a running process".to_owned(),
    };
    Some(Client {
        found_at,
        version: first.program.as_deref().and_then(Path::parent).and_then(|folder| {
            version(&system.root.join(folder.strip_prefix("/").unwrap_or(folder)).join("version.txt"))
        }),
        packaging: "unknown".to_owned(),
        web_host: system.home.as_deref().and_then(|home| web_host(&home.join(NATIVE.configuration))),
        processes: running.iter().map(|one| one.process.clone()).collect(),
        data_writable: system.home.as_deref().and_then(|home| writable(&home.join(NATIVE.data))),
    })
}

/// The path with this user's home as `~`, and with the name of any other user left out.
fn without_user(path: &Path, home: Option<&Path>) -> String {
    if let Some(below) = home.and_then(|home| path.strip_prefix(home).ok()) {
        return shown(&format!("~/{}", below.display()), 200);
    }
    let text = path.to_string_lossy();
    for homes in ["/home/", "/var/home/", "/run/user/"] {
        if let Some(below) = text.strip_prefix(homes) {
            let rest = below.split_once('/').map_or("", |(_, rest)| rest);
            return shown(&format!("{homes}…/{rest}"), 200);
        }
    }
    shown(&text, 200)
}

/// The first word of a version file, such as `6.0.2.4680`.
fn version(file: &Path) -> Option<String> {
    let bytes = files::bytes(file, files::SMALL).ok()??;
    let text = String::from_utf8_lossy(&bytes);
    text.split_ascii_whitespace().next().map(|word| shown(word, 40))
}

fn web_host(configuration: &Path) -> Option<String> {
    let bytes = files::bytes(configuration, files::SMALL).ok()??;
    parse_web_host(&String::from_utf8_lossy(&bytes))
}

/// The host of `conf.webserver=https://us06web.zoom.us`; no other key is looked at.
fn parse_web_host(text: &str) -> Option<String> {
    let value = text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "conf.webserver").then(|| value.trim().trim_matches('"'))
    })?;
    let whole = if value.contains("://") { value.to_owned() } else { format!("https://{value}") };
    let url = url::Url::parse(&whole).ok()?;
    url.host_str().filter(|host| !host.is_empty()).map(|host| shown(host, 253))
}

/// Whether the client could write to its data folder; `None` where there is none yet, or where we are root and it is
/// another's, since root may write everywhere.
fn writable(folder: &Path) -> Option<bool> {
    let owner = fs::metadata(folder).ok()?.uid();
    if Uid::effective().is_root() && owner != 0 {
        return None;
    }
    Some(eaccess(folder, AccessFlags::W_OK | AccessFlags::X_OK).is_ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::ClientProcess;
    use crate::os::linux::processes::tests::lay;

    const CONFIGURATION: &str = "[General]\ndeviceID=00:00:5e:00:53:01\ncurrentMeetingId=123456789\n\
        conf.webserver.vendor.default=https://example.zoom.us\nconf.webserver=https://us06web.zoom.us\n";

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn process(pid: u32, name: &str) -> ClientProcess {
        ClientProcess { pid, name: name.to_owned(), age_s: 600 }
    }

    #[test]
    fn each_packaging_has_its_own_version_host_and_processes() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write(root, "opt/zoom/version.txt", "6.0.2.4680\n");
        write(root, "home/ann/.config/zoomus.conf", CONFIGURATION);
        fs::create_dir_all(root.join("home/ann/.zoom/data")).unwrap();
        fs::create_dir_all(root.join("home/ann/.local/share/flatpak/app/us.zoom.Zoom")).unwrap();
        lay(root, 11, "zoom", "/opt/zoom/zoom", "0::/user.slice\n");
        lay(root, 12, "zoom", "/app/extra/zoom/zoom", "0::/app-flatpak-us.zoom.Zoom-12.scope\n");
        assert_eq!(
            clients(&Linux::below(root)).unwrap(),
            [
                Client {
                    found_at: "/opt/zoom".to_owned(),
                    version: Some("6.0.2.4680".to_owned()),
                    packaging: "native".to_owned(),
                    web_host: Some("us06web.zoom.us".to_owned()),
                    processes: vec![process(11, "zoom")],
                    data_writable: Some(true),
                },
                Client {
                    found_at: "~/.local/share/flatpak/app/us.zoom.Zoom".to_owned(),
                    version: None,
                    packaging: "flatpak".to_owned(),
                    web_host: None,
                    processes: vec![process(12, "zoom")],
                    data_writable: None,
                },
            ]
        );
    }

    #[test]
    fn a_client_that_runs_from_elsewhere_is_told_without_its_users_name() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        lay(root, 13, "ZoomLauncher", "/home/bob/zoom/ZoomLauncher", "");
        let found = clients(&Linux::below(root)).unwrap();
        assert_eq!(
            found.iter().map(|client| client.found_at.as_str()).collect::<Vec<_>>(),
            ["/home/…/zoom/ZoomLauncher"]
        );
        assert_eq!(found.first().unwrap().processes, [process(13, "ZoomLauncher")]);
    }

    #[test]
    fn a_computer_without_zoom_has_no_client() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("proc")).unwrap();
        assert_eq!(clients(&Linux::below(folder.path())).unwrap(), []);
    }

    proptest! {
        #[test]
        fn no_configuration_makes_it_panic(text in "(?s)(conf\\.webserver=.{0,40}\n|.{0,40}){0,4}") {
            parse_web_host(&text);
        }
    }
}
