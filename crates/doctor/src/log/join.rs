//! An access log and the error log of the same server, read side by side, so that the reasons of the one explain the
//! refusals of the other. Neither is held: the error log is read a little ahead, and its reasons wait for their lines.
//!
//! ```text
//!  block of access.log ──► behind? ──► blocks of error.log ──► reasons, of two seconds and some (bounded)
//!          └──────────────────────────────────────────────────────► refusals, each with its reason
//! ```
//!
//! Error logs have the server's own time without a zone. The access log's lines have the zone, so both are compared by
//! what the server's clock showed.

use super::reasons::{APART, Reason, Reasons};
use super::report::LogJoined;
use super::{Beside, LogFormat, LogReader, LogReport};

/// Two logs of one server.
///
/// ```
/// use countersign_doctor::{LogFormat, LogJoin};
///
/// let access = b"10.0.0.1 - ann [10/Oct/2025:13:55:36 +0200] \"GET /a HTTP/1.1\" 401 12\n";
/// let errors = b"2025/10/10 13:55:36 [error] 1#1: *1 user \"ann\": password mismatch, client: 10.0.0.1, server: a, request: \"GET /a HTTP/1.1\"\n";
/// let format = |log: &[u8]| LogFormat::recognise(log).unwrap();
/// let mut join = LogJoin::new(format(access), format(errors)).unwrap();
/// while join.is_behind(access) {
///     join.feed_errors(errors);
///     join.end_errors();
/// }
/// join.feed(access);
/// assert_eq!(join.finish().0.by_cause.first().unwrap().cause.code(), "password-wrong");
/// ```
#[derive(Clone, Debug)]
pub struct LogJoin {
    access: LogReader,
    errors: LogReader,
    /// Where the error log has come to, by the server's own clock.
    reached: Option<i64>,
    ended: bool,
}

impl LogJoin {
    /// A join that has seen nothing; `None` where the second is no error log that explains the first.
    pub fn new(access: LogFormat, errors: LogFormat) -> Option<Self> {
        if !access.explained_by(errors) {
            return None;
        }
        let reader = |format, beside| LogReader { beside, ..LogReader::new(format) };
        let named = matches!(access, LogFormat::Common(_));
        let access = reader(access, Beside::Told(Reasons::new(named)));
        Some(Self { access, errors: reader(errors, Beside::Tells(Vec::new())), reached: None, ended: false })
    }

    /// Must more of the error log be read before this block of the access log is? The block should hold a few lines: by the
    /// last whole one it is told.
    pub fn is_behind(&self, block: &[u8]) -> bool {
        let Some(ends) = self.access.format.ends(block) else { return false };
        !self.ended && self.reached.is_none_or(|reached| reached <= ends + APART)
    }

    /// Reads a block of the error log. It may begin and end anywhere.
    pub fn feed_errors(&mut self, block: &[u8]) {
        self.errors.feed(block);
        self.reached = self.errors.format.ends(block).or(self.reached);
        self.hand_over();
    }

    /// The end of a file of the error log; more may follow.
    pub fn end_errors_file(&mut self) {
        self.errors.end_file();
        self.hand_over();
    }

    /// There is no more of the error log.
    pub fn end_errors(&mut self) {
        self.end_errors_file();
        self.ended = true;
    }

    fn hand_over(&mut self) {
        if let (Beside::Tells(from), Beside::Told(to)) = (&mut self.errors.beside, &mut self.access.beside) {
            from.drain(..).for_each(|reason: Reason| to.add(reason));
        }
    }

    /// Reads a block of the access log. It may begin and end anywhere.
    pub fn feed(&mut self, block: &[u8]) {
        if let (Beside::Told(reasons), Some(begins)) = (&mut self.access.beside, self.access.format.begins_within(block)) {
            reasons.forget(begins);
        }
        self.access.feed(block);
    }

    /// The end of a file of the access log; more may follow.
    pub fn end_file(&mut self) {
        self.access.end_file();
    }

    /// How many refusals the access log had until now.
    pub const fn refused(&self) -> u64 {
        self.access.refused()
    }

    /// The access log's report, with the causes that the error log tells, and the error log's own.
    pub fn finish(mut self) -> (LogReport, LogReport) {
        self.end_file();
        self.end_errors();
        let errors = self.errors.report();
        let mut report = self.access.report();
        if let Beside::Told(reasons) = &self.access.beside {
            let joined = LogJoined {
                format: errors.format,
                reasons: errors.refused,
                explained: reasons.used,
                unexplained: report.refused.saturating_sub(reasons.used),
                lost: reasons.lost,
            };
            report.join(joined);
        }
        (report, errors)
    }
}
