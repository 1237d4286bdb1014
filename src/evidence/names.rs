//! What a run may expect of the system's library.

/// What is to be expected of the system's library, where it is asked for a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Names {
    /// It will tell.
    #[default]
    Told,
    /// It will be told none: what waits for it can teach nothing more.
    Lost,
    /// It will be told, long after it is known by whom, and what: what waits for it can teach nothing more.
    Late,
}
