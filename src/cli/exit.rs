//! Exit codes, which are those of Nagios plug-ins.

use std::process::ExitCode;

use crate::verdict::Status;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// 0: healthy, or what was asked for was done.
    Healthy,
    /// 1: degraded.
    Degraded,
    /// 2: blocked.
    Blocked,
    /// 3: unknown, could not probe, or wrong usage.
    Unknown,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(match code {
            Code::Healthy => 0,
            Code::Degraded => 1,
            Code::Blocked => 2,
            Code::Unknown => 3,
        })
    }
}

impl From<Status> for Code {
    fn from(status: Status) -> Self {
        match status {
            Status::Healthy => Self::Healthy,
            Status::Degraded => Self::Degraded,
            Status::Blocked => Self::Blocked,
            Status::Unknown => Self::Unknown,
        }
    }
}
