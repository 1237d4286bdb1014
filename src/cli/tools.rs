//! The tools of this computer, for the commands that send.

use anyhow::Context;

use super::files;
use super::settings::Settings;
use crate::app::this_computer;
use crate::run::Tools;

/// The tools of this computer, with its own settings.
///
/// # Errors
/// When the root certificates can't be read, or the source address is none of this computer's.
pub(super) fn plain(settings: &Settings) -> anyhow::Result<Tools> {
    if let Some(source) = settings.overrides.source {
        std::net::UdpSocket::bind((source, 0)).with_context(|| format!("could not send from {source}"))?;
    }
    Ok(this_computer(files::trust(settings)?))
}

/// The tools of this computer, with what the user set in the place of its own settings.
///
/// # Errors
/// As [`plain`].
pub(super) fn overridden(settings: &Settings) -> anyhow::Result<Tools> {
    Ok(settings.overrides.over(plain(settings)?))
}
