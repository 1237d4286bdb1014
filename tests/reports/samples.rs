//! The sample reports, and what is checked of each kind of them.

use std::fs;
use std::path::{Path, PathBuf};

use snapbox::{Assert, Data};
use why5003::report::Style;

/// Where it lies, its text, and what was read of it.
pub(crate) type Sample<T> = (PathBuf, String, T);

/// A small screen.
pub(crate) const NARROW: Style = Style { width: 40, colour: false, verbose: false };
/// A usual one.
pub(crate) const USUAL: Style = Style { width: 80, colour: false, verbose: false };
/// A large one, with all there is.
pub(crate) const FULL: Style = Style { width: 120, colour: false, verbose: true };

/// All sample reports of a kind, in the order of their names.
pub(crate) fn read<T>(kind: &str, parse: impl Fn(&str) -> Result<T, String>) -> Vec<Sample<T>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports").join(kind);
    let mut paths: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    assert!(!paths.is_empty(), "no samples in {}", folder.display());
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let report = parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path, text, report)
    };
    paths.into_iter().map(read).collect()
}

/// What is printed of a sample is what stands beside it.
#[track_caller]
pub(crate) fn check(sample: &Path, kind: &str, text: &str) {
    let expected = Data::read_from(&sample.with_extension(kind), None).raw();
    Assert::new().action_env("SNAPSHOTS").eq(Data::text(text).raw(), expected);
}

/// Whatever stood in a sample, nothing of it is a terminal's command.
#[track_caller]
pub(crate) fn nothing_steers(sample: &Path, texts: &[String]) {
    for text in texts {
        let active = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{200b}');
        assert!(!text.contains(active), "{}: {text}", sample.display());
    }
}
