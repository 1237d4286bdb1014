//! The file of a sweep as it grows: whole lines, written soon, so that little is asked again after a kill.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use why5003_probes::engines::Response;
use why5003_probes::model::Family;

use super::wanted::Wanted;
use crate::catalogue::Catalogue;
use crate::run::SweepEvent;
use crate::sweep::{
    LOG_SCHEMA, LastWord, Ledger, LogHead, LogLine, Reach, ReachLine, ResponseLine, SharedLine, Space, TraceEvent,
    UnheardLine,
};

/// The file of a sweep, or none.
pub(super) struct Log {
    open: Option<Open>,
}

struct Open {
    /// What went wrong, until it is asked for: who notes is in the middle of something.
    failed: Option<anyhow::Error>,
    file: File,
    path: PathBuf,
    /// Whole lines that are not written yet.
    lines: Vec<u8>,
    written: Instant,
}

impl Log {
    /// No file is wanted.
    pub(super) fn none() -> Self {
        Self { open: None }
    }

    /// Begins a file.
    ///
    /// # Errors
    /// When it cannot be made, or is there already: what was found is not written over.
    pub(super) fn begin(path: &Path, head: &LogHead) -> anyhow::Result<Self> {
        let failed = || format!("could not begin {}", path.display());
        let file = match OpenOptions::new().append(true).create_new(true).open(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                return Err(
                    anyhow!("it is there already; go on with it by --resume, or name another").context(failed())
                );
            }
            opened => opened.with_context(failed)?,
        };
        free(&file.try_lock()).with_context(failed)?;
        let mut open = Open { failed: None, file, path: path.to_owned(), lines: Vec::new(), written: Instant::now() };
        open.add(head)?;
        open.write()?;
        Ok(Self { open: Some(open) })
    }

    /// Takes up a file, and with it those of other parts of the same sweep; what they say is known. What is new goes to the first, from
    /// which a last line that was cut off is taken away.
    ///
    /// # Errors
    /// When one cannot be read, is another program's now, is of another catalogue, or holds a line that is not of its sweep; when they
    /// are not of one sweep.
    pub(super) fn resume(path: &Path, others: &[PathBuf], catalogue: &Catalogue) -> anyhow::Result<(Self, Wanted)> {
        let failed = || format!("could not go on with {}", path.display());
        let mut file = OpenOptions::new().read(true).append(true).open(path).with_context(failed)?;
        free(&file.try_lock()).with_context(failed)?;
        let (head, mut wanted, whole) = read(&file, catalogue).with_context(failed)?;
        let own = wanted.settled.settled.clone();
        let mut adopted = BTreeSet::new();
        for other in others {
            let failed = || format!("could not put {} to {}", other.display(), path.display());
            let file = File::open(other).with_context(failed)?;
            free(&file.try_lock_shared()).with_context(failed)?;
            let (its, part, _) = read(&file, catalogue).with_context(failed)?;
            let like = LogHead { started: head.started.clone(), shard: head.shard, ..its };
            anyhow::ensure!(
                like == head && part.parts.first().map(|part| part.of) == wanted.parts.first().map(|part| part.of),
                "{}: they are not parts of one sweep: their first lines differ in more than the part and the time",
                failed()
            );
            adopted.extend(wanted.join(part).with_context(failed)?);
        }
        file.set_len(whole).with_context(failed)?;
        file.seek(SeekFrom::End(0)).with_context(failed)?;
        let mut open = Open { failed: None, file, path: path.to_owned(), lines: Vec::new(), written: Instant::now() };
        // What will be settled by these routers is of no use without them, and what was settled without any is forgotten for them.
        for family in adopted {
            open.add(&LogLine::Shared(SharedLine { family, shared: wanted.settled.trunks.family(family).clone() }))?;
            let space = &wanted.space;
            let is_of = |number: u64| space.target(number).is_some_and(|(to, _)| Family::of(to.ip()) == family);
            for (number, reach) in own.within(0..space.count()).filter(|(number, _)| is_of(*number)) {
                if let Some(line) = ReachLine::of(space, number, reach) {
                    open.add(&line)?;
                }
            }
        }
        Ok((Self { open: Some(open) }, wanted))
    }

    /// Notes a response.
    pub(super) fn note(&mut self, space: &Space, event: &SweepEvent) {
        let SweepEvent::Settled { number, attempt, response, rtt } = *event else { return };
        self.add(|| ResponseLine::of(space, number, attempt, response, rtt).map(LogLine::Response));
    }

    /// Notes what was settled.
    pub(super) fn settled(&mut self, (space, ledger): (&Space, &Ledger), event: &TraceEvent) {
        match event {
            TraceEvent::Stage(..) => {}
            TraceEvent::Shared { family, trunk } => {
                self.add(|| Some(LogLine::Shared(SharedLine { family: *family, shared: trunk.clone() })));
            }
            TraceEvent::Unheard { family, hosts } => {
                self.add(|| Some(LogLine::Unheard(UnheardLine { family: *family, unheard: hosts.clone() })));
            }
            // That is asked again; but what answered, and is doubted, would be believed without it.
            TraceEvent::Reached(number, Reach::Untold) if ledger.response(*number) != Some(Response::Open) => {}
            TraceEvent::Reached(number, reach) => {
                self.add(|| ReachLine::of(space, *number, *reach).map(LogLine::Reach));
            }
        }
    }

    /// Adds the last words.
    pub(super) fn last_words(&mut self, words: impl Iterator<Item = LastWord>) {
        if self.open.is_some() {
            words.for_each(|word| self.add(|| Some(LogLine::LastWord(word))));
        }
    }

    fn add(&mut self, line: impl FnOnce() -> Option<LogLine>) {
        let Some(open) = self.open.as_mut().filter(|open| open.failed.is_none()) else { return };
        let Some(line) = line() else { return };
        let added = open.add(&line).and_then(|()| {
            if open.lines.len() >= FULL || open.written.elapsed() >= SOON { open.write() } else { Ok(()) }
        });
        open.failed = added.err();
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// When the file does not take it, or did not take something before.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        let Some(mut open) = self.open else { return Ok(()) };
        open.failed.take().map_or(Ok(()), Err)?;
        open.write()?;
        open.file.sync_all().with_context(|| format!("could not write {}", open.path.display()))
    }
}

impl Open {
    fn add(&mut self, line: &impl serde::Serialize) -> anyhow::Result<()> {
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

/// Two that write to one file would ask everything twice. Where the file system knows no locks, there is none.
fn free(locked: &Result<(), TryLockError>) -> anyhow::Result<()> {
    match locked {
        Err(TryLockError::WouldBlock) => Err(anyhow!("another why5003 is at work on it, or it is named twice")),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

/// The first line of a file, all that it says, and how many bytes of it are whole lines without the last words, which are said anew.
fn read(file: &File, catalogue: &Catalogue) -> anyhow::Result<(LogHead, Wanted, u64)> {
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
    let mut wanted = Wanted::of(&head, catalogue)?;
    anyhow::ensure!(wanted.space.count() == head.targets, "its first line chooses other targets than it counts");
    let mut at = 1_u64;
    while let Some(end) = next(&mut line)? {
        at += 1;
        let entry: LogLine = serde_json::from_slice(&line).with_context(|| format!("line {at} is not a sweep's"))?;
        let Wanted { space, known, settled, .. } = &mut wanted;
        let restored = match entry {
            LogLine::Response(line) => line.restore(space, known),
            LogLine::Reach(reach) => reach.restore(space, &mut settled.settled),
            LogLine::Shared(SharedLine { family, shared }) => {
                *settled.trunks.family(family) = shared;
                settled
                    .settled
                    .keep(|number| space.target(number).is_some_and(|(to, _)| Family::of(to.ip()) != family));
                Ok(())
            }
            LogLine::Unheard(UnheardLine { family, unheard }) => {
                settled.of_known_hosts(family, &unheard);
                Ok(())
            }
            LogLine::LastWord(_) => break,
        };
        restored.map_err(|error| anyhow!("line {at}: could not {error}"))?;
        kept = end;
    }
    Ok((head, wanted, kept))
}

/// Written at the latest when so many bytes wait.
const FULL: usize = 1 << 16;
/// Written at the latest after so long.
const SOON: Duration = Duration::from_millis(200);
/// Ten times as long as any line of ours.
const LONGEST: u64 = 1 << 16;
