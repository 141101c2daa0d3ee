//! An access log and the error log of the same server, read side by side. The files of each are taken in the order of their
//! times, whatever order they were given in.

use super::progress::Progress;
use super::{BLOCK, Opened, unreadable};
use crate::failure::Failure;
use countersign_doctor::{LogJoin, LogReport};
use std::collections::VecDeque;
use std::io::{self, Read};

/// Logs that are read side by side.
pub(super) struct Pair {
    join: LogJoin,
    access: Files,
    errors: Files,
}

/// Finds the pair: access logs of one format, and error logs of one that tell why those servers refuse. The rest is left.
pub(super) fn pair(logs: Vec<Opened>) -> (Option<Pair>, Vec<Opened>) {
    let joins = |a: &Opened, b: &Opened| LogJoin::new(a.format, b.format);
    let found = logs.iter().find_map(|access| logs.iter().find_map(|errors| Some((access.format, errors.format, joins(access, errors)?))));
    let Some((first, second, join)) = found else { return (None, logs) };
    // Two kinds of error logs, or of access logs, are of several servers: which of them belong together cannot be told.
    let apart = |log: &Opened| !log.format.same_kind(first) && !log.format.same_kind(second);
    if logs.iter().filter(|log| apart(log)).any(|log| first.explained_by(log.format) || log.format.explained_by(second)) {
        return (None, logs);
    }
    let (together, rest): (Vec<_>, Vec<_>) = logs.into_iter().partition(|log| !apart(log));
    let (access, errors) = together.into_iter().partition(|log| log.format.same_kind(first));
    (Some(Pair { join, access: Files::new(access), errors: Files::new(errors) }), rest)
}

impl Pair {
    /// The access log's report, and the error log's where it tells of more.
    pub(super) fn read(self, progress: &mut Progress, remark: &dyn Fn(&str)) -> Result<Vec<LogReport>, Failure> {
        let Self { mut join, mut access, mut errors } = self;
        loop {
            let next = access.next(remark, join.refused() > 0)?;
            let block = match &next {
                Next::Block(block) => block,
                Next::FileEnds => {
                    join.end_file();
                    continue;
                }
                Next::End => break,
            };
            while join.is_behind(block) {
                errors.feed(&mut join, remark)?;
            }
            join.feed(block);
            progress.show(access.taken() + errors.taken(), join.refused());
        }
        while !errors.is_empty() {
            errors.feed(&mut join, remark)?;
        }
        progress.next(access.taken() + errors.taken());
        let (report, errors) = join.finish();
        let more = report.is_empty() || report.joined.as_ref().is_none_or(|joined| joined.reasons > joined.explained);
        Ok([Some(report), Some(errors).filter(|_| more)].into_iter().flatten().collect())
    }
}

/// What comes next of files.
enum Next {
    Block(Vec<u8>),
    FileEnds,
    End,
}

/// Files that are read one after another.
struct Files {
    files: VecDeque<Opened>,
    /// What was taken of those that are done.
    done: u64,
}

impl Files {
    fn new(mut files: Vec<Opened>) -> Self {
        files.sort_by_key(|file| file.format.begins(&file.head));
        Self { files: files.into(), done: 0 }
    }

    fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    fn taken(&self) -> u64 {
        self.done + self.files.front().map_or(0, |file| file.source.taken())
    }

    /// Feeds what comes next of the error log.
    fn feed(&mut self, join: &mut LogJoin, remark: &dyn Fn(&str)) -> Result<(), Failure> {
        match self.next(remark, join.refused() > 0)? {
            Next::Block(block) => join.feed_errors(&block),
            Next::FileEnds => join.end_errors_file(),
            Next::End => join.end_errors(),
        }
        Ok(())
    }

    /// The next block. A file that cannot be read further is one that ends, if something is to be told already.
    fn next(&mut self, remark: &dyn Fn(&str), told: bool) -> Result<Next, Failure> {
        let Some(file) = self.files.front_mut() else { return Ok(Next::End) };
        if !file.head.is_empty() {
            return Ok(Next::Block(std::mem::take(&mut file.head)));
        }
        let mut block = vec![0; BLOCK];
        let read = loop {
            match file.source.read(&mut block) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if !told => return Err(unreadable(&file.name, &error)),
                Err(error) => {
                    remark(&format!("{} is explained up to where it could be read: {error}", file.name));
                    break 0;
                }
                Ok(read) => break read,
            }
        };
        if read == 0 {
            self.done += file.source.taken();
            self.files.pop_front();
            return Ok(Next::FileEnds);
        }
        block.truncate(read);
        Ok(Next::Block(block))
    }
}
