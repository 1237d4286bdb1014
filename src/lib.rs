//! Why a Zoom client on this network shows error 5003: probes, evidence, verdict, report.

pub mod app;
pub mod catalogue;
pub mod cli;
pub mod demo;
pub mod evidence;
pub mod experiment;
pub mod plan;
pub mod report;
pub mod rules;
pub mod run;
pub mod sweep;
pub mod verdict;
