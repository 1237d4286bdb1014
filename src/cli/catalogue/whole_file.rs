//! Writes a file whole or not at all: whoever reads it sees the old text or the new one.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// Writes to a new file beside the old one and puts it in the old one's place; a symbolic link stays one.
///
/// # Errors
/// When the place is something else than a regular file, or the system refuses; then the old file is as it was.
pub(in crate::cli) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let failed = || format!("could not write {}", path.display());
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = fs::metadata(&place).ok();
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        bail!("could not write {}: it is no regular file", path.display());
    }
    let (file, beside) = create_beside(&place).with_context(failed)?;
    let written = fill(file, text, old.map(|old| old.permissions())).and_then(|()| fs::rename(&beside, &place));
    if written.is_err() {
        // The error that matters is told; the new file may be gone already.
        let _left = fs::remove_file(&beside);
    }
    written.with_context(failed)
}

/// In the same folder, since a file is moved in one step only within a file system; new, so that no link is followed.
fn create_beside(place: &Path) -> std::io::Result<(File, PathBuf)> {
    let Some(name) = place.file_name() else { return Err(std::io::ErrorKind::InvalidFilename.into()) };
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.new", std::process::id()));
    let beside = place.with_file_name(hidden);
    let file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
    Ok((file, beside))
}

fn fill(mut file: File, text: &str, permissions: Option<fs::Permissions>) -> std::io::Result<()> {
    file.write_all(text.as_bytes())?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.sync_all()
}
