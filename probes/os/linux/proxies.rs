//! Every place where a proxy can be set for this user's Zoom client; what the settings say is read by `proxy_settings`.
//!
//! A place that is there and can't be probed is told as a setting that is unreadable, so that the others still count.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::{Linux, files, gsettings, processes};
use crate::model::{CannotProbe, ProxySays, ProxySetting};
use crate::wire::proxy_settings;
use crate::wire::text::shown;

/// How long GNOME's program may take; it needs some 10 ms.
const WAIT: Duration = Duration::from_millis(500);

/// The settings, the nearest to the client first: its own file, the environment of its processes, of this process,
/// the desktop's, the computer's.
pub(super) fn proxies(system: &Linux) -> Result<Vec<ProxySetting>, CannotProbe> {
    let mut settings = Vec::new();
    for (path, source) in system.zoom_configurations() {
        settings.extend(from_file(&path, &source, |text| proxy_settings::from_zoom(text, &source)));
    }
    settings.extend(of_zoom_processes(&system.root)?);
    settings.extend(proxy_settings::from_environment(system.environment.iter().cloned(), "environment"));
    if let Some(program) = &system.gsettings {
        match gsettings::proxy_settings(program, WAIT) {
            Ok(text) => settings.extend(proxy_settings::from_gnome(&text.unwrap_or_default())),
            Err(error) => settings.push(unreadable("gnome", &error)),
        }
    }
    if let Some(home) = &system.home {
        settings.extend(from_file(&home.join(".config/kioslaverc"), "kde", proxy_settings::from_kde));
    }
    let file = system.root.join("etc/environment");
    settings.extend(from_file(&file, "/etc/environment", proxy_settings::from_environment_file));
    Ok(settings)
}

fn from_file(path: &Path, source: &str, read: impl Fn(&str) -> Vec<ProxySetting>) -> Vec<ProxySetting> {
    match files::bytes(path, files::SMALL) {
        Ok(None) => Vec::new(),
        Ok(Some(bytes)) => read(&String::from_utf8_lossy(&bytes)),
        Err(error) => vec![unreadable(source, &error)],
    }
}

/// The client's processes usually share one environment: what an earlier one says is not told again.
fn of_zoom_processes(root: &Path) -> Result<Vec<ProxySetting>, CannotProbe> {
    let running = processes::running(root)
        .map_err(|source| CannotProbe::Io { operation: "list the running processes", source })?;
    let mut settings: Vec<ProxySetting> = Vec::new();
    for pid in running.iter().map(|one| one.process.pid) {
        let source = format!("zoom process {pid}");
        let found = match processes::environment(root, pid) {
            Ok(bytes) => proxy_settings::from_process_environment(&bytes, &source),
            Err(error) => vec![unreadable(&source, &error)],
        };
        for setting in found {
            if !settings.iter().any(|known| known.says == setting.says && known.exempt == setting.exempt) {
                settings.push(setting);
            }
        }
    }
    Ok(settings)
}

fn unreadable(source: &str, error: &io::Error) -> ProxySetting {
    ProxySetting {
        source: source.to_owned(),
        says: ProxySays::Unreadable(format!("not probed: {}", shown(&error.to_string(), 100))),
        exempt: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_computer_without_settings_has_none() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("proc")).unwrap();
        assert_eq!(proxies(&Linux::below(folder.path())).unwrap(), []);
    }

    #[test]
    fn a_place_that_cannot_be_read_does_not_hide_the_others() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("proc")).unwrap();
        // A folder in the file's place: even root can't read it.
        fs::create_dir_all(folder.path().join("home/ann/.config/kioslaverc")).unwrap();
        let told = proxies(&Linux::below(folder.path())).unwrap();
        assert_eq!(
            told,
            [ProxySetting {
                source: "kde".to_owned(),
                says: ProxySays::Unreadable("not probed: Is a directory (os error 21)".to_owned()),
                exempt: vec![],
            }]
        );
    }
}
