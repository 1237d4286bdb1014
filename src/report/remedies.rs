//! Which remedies come first: those of whoever must mend the cause, and of these the ones for the computer that looked.

use super::plain::plain;
use super::words;
use crate::verdict::{Owner, Remedy};

/// Remedies for this system and for any, and those for other systems.
///
/// The owner's come first, since what others can do lasts only until that is done, or comes after it; then this system's
/// before those for any; then the order given.
pub(super) fn sorted<'a>(all: &'a [Remedy], os: &str, owner: Owner) -> (Vec<&'a Remedy>, Vec<&'a Remedy>) {
    let os = os.to_ascii_lowercase();
    let (mut here, elsewhere): (Vec<_>, Vec<_>) =
        all.iter().partition(|remedy| remedy.os == ANY || os.starts_with(&remedy.os.to_ascii_lowercase()));
    here.sort_by_key(|remedy| (remedy.who != owner, remedy.os == ANY));
    (here, elsewhere)
}

/// The lines of a remedy's command, each safe to print.
pub(super) fn command_lines(remedy: &Remedy) -> Vec<String> {
    let command = remedy.command.as_deref().unwrap_or_default();
    command.lines().map(|line| plain(line.trim_end()).into_owned()).filter(|line| !line.is_empty()).collect()
}

/// Who does it and on which system, in brackets, as far as it is not what the cause says already.
pub(super) fn by_whom(remedy: &Remedy, owner: Owner) -> String {
    let who = (remedy.who != owner).then(|| words::owner(remedy.who).to_owned());
    let system = (remedy.os != ANY).then(|| format!("on {}", plain(&remedy.os)));
    match who.into_iter().chain(system).collect::<Vec<_>>().join(", ") {
        nothing if nothing.is_empty() => nothing,
        something => format!(" ({something})"),
    }
}

const ANY: &str = "any";
