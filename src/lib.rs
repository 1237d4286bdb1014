//! Why a Zoom client on this network shows error 5003: probes, evidence, verdict, report.

pub mod demo;
pub mod evidence;
pub mod report;
pub mod verdict;
