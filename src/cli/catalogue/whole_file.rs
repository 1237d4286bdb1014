//! Writes a file whole or not at all: whoever reads it sees the old text or the new one.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};

/// Writes to a new file and puts it in the old one's place. A symbolic link stays one.
///
/// # Errors
/// When the place is something else than a regular file, or the system refuses. Then the old file is as it was.
pub(in crate::cli) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = fs::metadata(&place).ok();
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        bail!("could not write {}: it is no regular file", path.display());
    }
    replace(&place, text, old.map(|old| old.permissions()))
        .with_context(|| format!("could not write {}", path.display()))
}

fn replace(place: &Path, text: &str, permissions: Option<Permissions>) -> std::io::Result<()> {
    let (Some(folder), Some(name)) = (place.parent(), place.file_name()) else {
        return Err(std::io::ErrorKind::InvalidFilename.into());
    };
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(".");
    // In the same folder, since a file is moved in one step only within a file system. Opened by ourselves, since
    // tempfile would let nobody but the owner read a file that had no permissions before.
    let mut beside = tempfile::Builder::new()
        .prefix(&hidden)
        .suffix(".new")
        .make_in(folder, |path| File::options().write(true).create_new(true).open(path))?;
    beside.write_all(text.as_bytes())?;
    if let Some(permissions) = permissions {
        beside.as_file().set_permissions(permissions)?;
    }
    beside.as_file().sync_all()?;
    beside.persist(place)?;
    Ok(())
}
