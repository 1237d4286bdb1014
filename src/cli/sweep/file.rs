//! The file of a sweep as it grows: whole lines, written soon, so that little is asked again after a kill.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};

use super::failed;
use crate::app::{SweepLog, SweepPlan};
use crate::catalogue::Catalogue;
use crate::sweep::{LOG_SCHEMA, LogHead, LogLine};

/// The file of a sweep.
pub(super) struct Log {
    /// What went wrong, until it is asked for: who adds a line is in the middle of something.
    failed: Option<anyhow::Error>,
    file: File,
    path: PathBuf,
    /// Whole lines that are not written yet.
    lines: Vec<u8>,
    written: Instant,
}

impl Log {
    /// Begins a file.
    ///
    /// # Errors
    /// When it cannot be made, or is there already: what was found is not written over.
    pub(super) fn begin(path: PathBuf, head: &LogHead) -> anyhow::Result<Self> {
        let failed = || format!("could not begin {}", path.display());
        let file = match OpenOptions::new().append(true).create_new(true).open(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                return Err(
                    anyhow!("it is there already; go on with it by --resume, or name another").context(failed())
                );
            }
            opened => opened.with_context(failed)?,
        };
        free(&file.try_lock()).with_context(failed)?;
        let mut log = Self::on(file, path);
        log.put(head)?;
        log.write()?;
        Ok(log)
    }

    fn on(file: File, path: PathBuf) -> Self {
        Self { failed: None, file, path, lines: Vec::new(), written: Instant::now() }
    }

    /// Takes up a file, and with it those of other parts of the same sweep; what they say is known. What is new goes to the first, from
    /// which a last line that was cut off is taken away.
    ///
    /// # Errors A file cannot be read, is in use by another program, is of another catalogue, or holds a foreign line.
    /// Or the files are not of one sweep.
    pub(super) fn resume(path: &Path, others: &[PathBuf], catalogue: &Catalogue) -> anyhow::Result<(Self, SweepPlan)> {
        let failed = || format!("could not go on with {}", path.display());
        let mut file = OpenOptions::new().read(true).append(true).open(path).with_context(failed)?;
        free(&file.try_lock()).with_context(failed)?;
        let Recorded { mut plan, whole } = read(&file, catalogue).with_context(failed)?;
        let mut lines = Vec::new();
        for other in others {
            let failed = || format!("could not put {} to {}", other.display(), path.display());
            let file = File::open(other).with_context(failed)?;
            free(&file.try_lock_shared()).with_context(failed)?;
            let part = read(&file, catalogue).with_context(failed)?.plan;
            lines.extend(plan.join(part).with_context(failed)?);
        }
        file.set_len(whole).with_context(failed)?;
        file.seek(SeekFrom::End(0)).with_context(failed)?;
        let mut log = Self::on(file, path.to_owned());
        for line in lines {
            log.put(&line)?;
        }
        Ok((log, plan))
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// When the file does not take it, or did not take something before.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.failed.take().map_or(Ok(()), Err)?;
        self.write()?;
        self.file.sync_all().with_context(|| format!("could not write {}", self.path.display()))
    }

    fn put(&mut self, line: &impl serde::Serialize) -> anyhow::Result<()> {
        serde_json::to_writer(&mut self.lines, line)?;
        self.lines.push(b'\n');
        Ok(())
    }

    fn write(&mut self) -> anyhow::Result<()> {
        self.file.write_all(&self.lines).with_context(|| format!("could not write {}", self.path.display()))?;
        self.lines.clear();
        self.written = Instant::now();
        Ok(())
    }
}

impl SweepLog for Log {
    fn add(&mut self, line: LogLine) {
        if self.failed.is_some() {
            return;
        }
        let added = self.put(&line).and_then(|()| {
            if self.lines.len() >= FULL || self.written.elapsed() >= SOON { self.write() } else { Ok(()) }
        });
        self.failed = added.err();
    }
}

/// Two that write to one file would ask everything twice. Where the file system knows no locks, there is none.
fn free(locked: &Result<(), TryLockError>) -> anyhow::Result<()> {
    match locked {
        Err(TryLockError::WouldBlock) => Err(anyhow!("another why5003 is at work on it, or it is named twice")),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

/// What a file says.
struct Recorded {
    plan: SweepPlan,
    /// Bytes of whole lines, without the final lines, which are written anew.
    whole: u64,
}

fn read(file: &File, catalogue: &Catalogue) -> anyhow::Result<Recorded> {
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    let mut whole = 0_u64;
    // Whether there was another whole line, and how many bytes there are up to its end.
    let mut next = |line: &mut Vec<u8>| -> anyhow::Result<Option<u64>> {
        line.clear();
        // No line of ours is so long; another file's may be without end.
        let read = std::io::Read::take(&mut reader, LONGEST).read_until(b'\n', line)?;
        let ended = line.last() == Some(&b'\n');
        anyhow::ensure!(ended || (read as u64) < LONGEST, "it is no file of a sweep: a line has no end");
        whole += read as u64;
        Ok(ended.then_some(whole))
    };
    let first = next(&mut line)?;
    let mut kept = first.context("it is empty, or its first line was cut off")?;
    let head: LogHead = serde_json::from_slice(&line).context("its first line is not a sweep's")?;
    anyhow::ensure!(
        head.schema == LOG_SCHEMA,
        "it is of schema {:?}, and this program reads {LOG_SCHEMA:?}",
        head.schema
    );
    anyhow::ensure!(
        head.catalogue == catalogue.sha256,
        "it was begun with another catalogue: give that one with --catalogue, or begin anew"
    );
    let chosen = head.targets;
    let mut plan = SweepPlan::of(head, catalogue).map_err(|error| failed(&error))?;
    anyhow::ensure!(plan.space.count() == chosen, "its first line chooses other targets than it counts");
    let mut at = 1_u64;
    while let Some(end) = next(&mut line)? {
        at += 1;
        let entry: LogLine = serde_json::from_slice(&line).with_context(|| format!("line {at} is not a sweep's"))?;
        if !plan.restore(entry).map_err(|error| anyhow!("line {at}: could not {error}"))? {
            break;
        }
        kept = end;
    }
    Ok(Recorded { plan, whole: kept })
}

/// Written at the latest when so many bytes wait.
const FULL: usize = 1 << 16;
/// Written at the latest after so long.
const SOON: Duration = Duration::from_millis(200);
/// Ten times as long as any line of ours.
const LONGEST: u64 = 1 << 16;
