//! Looks at the bytes of an HTTP/1 head before the HTTP library mends them: it drops a Content-Length beside a
//! Transfer-Encoding, and a fragment, so that nothing behind it could refuse them.
//!
//! It only looks where a head must begin: at a connection's start, and after the answer to a request without a body. A
//! request that comes elsewhere (pipelined, or after a body) is not looked at; what the library makes of it is the safe
//! reading.

use countersign::{Cause, Evidence, Refusal, Subject, Value};
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use memchr::memchr;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU8};
use std::task::{Context, Poll, ready};

/// The most of a head that is kept to look at; the library refuses longer ones or they are unremarkable.
const LIMIT: usize = 64 * 1024;
/// How much of a head is read at a time, in bytes.
const PIECE: usize = 4096;

/// What no reader after the library can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadFault {
    /// Content-Length and Transfer-Encoding together (RFC 9112 section 6.3).
    TwoLengths,
    /// A fragment in the request target (RFC 9112 section 3.2).
    Fragment,
}

impl HeadFault {
    /// The refusal that it is.
    pub(crate) fn refusal(self) -> Refusal {
        match self {
            Self::TwoLengths => {
                let evidence = Evidence::none().presented(Subject::Header, Value::text("Content-Length with Transfer-Encoding"));
                Refusal::new(Cause::RequestAmbiguous, evidence)
            }
            Self::Fragment => {
                Refusal::new(Cause::TargetAmbiguous, Evidence::none().presented(Subject::Form, Value::text("it has a fragment")))
            }
        }
    }
}

/// What a connection's reader and its requests tell each other. Both are on one thread; the library asks that its
/// connections could be sent to others.
#[derive(Debug)]
pub(crate) struct HeadWatch {
    expecting: AtomicBool,
    begun: AtomicBool,
    fault: AtomicU8,
}

impl Default for HeadWatch {
    fn default() -> Self {
        Self { expecting: AtomicBool::new(true), begun: AtomicBool::new(false), fault: AtomicU8::new(0) }
    }
}

impl HeadWatch {
    /// A request has been read: what was seen in its head.
    pub(crate) fn take(&self) -> Option<HeadFault> {
        self.begun.store(true, Relaxed);
        self.expecting.store(false, Relaxed);
        match self.fault.swap(0, Relaxed) {
            1 => Some(HeadFault::TwoLengths),
            2 => Some(HeadFault::Fragment),
            _ => None,
        }
    }

    /// A response has been made: what comes next is a head.
    pub(crate) fn expect(&self) {
        self.expecting.store(true, Relaxed);
    }

    /// Has there been a request?
    pub(crate) fn begun(&self) -> bool {
        self.begun.load(Relaxed)
    }

    fn found(&self, fault: Option<HeadFault>) {
        self.expecting.store(false, Relaxed);
        let number = match fault {
            None => 0,
            Some(HeadFault::TwoLengths) => 1,
            Some(HeadFault::Fragment) => 2,
        };
        self.fault.store(number, Relaxed);
    }
}

/// A connection whose heads are looked at on the way.
pub(crate) struct Watched<I> {
    io: I,
    watch: Arc<HeadWatch>,
    piece: Box<[u8]>,
    head: Vec<u8>,
}

impl<I> Watched<I> {
    /// Looks at the heads that come over `io`.
    pub(crate) fn new(io: I, watch: Arc<HeadWatch>) -> Self {
        Self { io, watch, piece: vec![0; PIECE].into(), head: Vec::new() }
    }

    fn look(&mut self, length: usize) {
        let piece = self.piece.get(..length).unwrap_or_default();
        // Most heads come in one piece; then nothing is copied.
        if let Some(end) = end_of_head(piece).filter(|_| self.head.is_empty()) {
            return self.watch.found(fault(piece.get(..end).unwrap_or_default()));
        }
        self.head.extend_from_slice(piece);
        let end = end_of_head(&self.head);
        if end.is_some() || self.head.len() > LIMIT {
            self.watch.found(fault(self.head.get(..end.unwrap_or(LIMIT)).unwrap_or_default()));
            self.head = Vec::new();
        }
    }
}

impl<I: Read + Unpin> Read for Watched<I> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, mut cursor: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.watch.expecting.load(Relaxed) {
            return Pin::new(&mut this.io).poll_read(cx, cursor);
        }
        let room = cursor.remaining().min(PIECE);
        let mut piece = ReadBuf::new(this.piece.get_mut(..room).unwrap_or_default());
        ready!(Pin::new(&mut this.io).poll_read(cx, piece.unfilled()))?;
        let length = piece.filled().len();
        cursor.put_slice(piece.filled());
        this.look(length);
        Poll::Ready(Ok(()))
    }
}

impl<I: Write + Unpin> Write for Watched<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, parts)
    }
}

/// Where the head ends: at its first empty line.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = memchr(b'\n', bytes.get(from..)?) {
        from += at + 1;
        match bytes.get(from..)? {
            [b'\n', ..] | [b'\r', b'\n', ..] => return Some(from),
            _ => {}
        }
    }
    None
}

fn fault(head: &[u8]) -> Option<HeadFault> {
    let (first, mut rest) = line(head);
    if first.contains(&b'#') {
        return Some(HeadFault::Fragment);
    }
    let (mut length, mut coding) = (false, false);
    while !rest.is_empty() {
        let (field, after) = line(rest);
        length |= is_field(field, b"content-length");
        coding |= is_field(field, b"transfer-encoding");
        rest = after;
    }
    (length && coding).then_some(HeadFault::TwoLengths)
}

/// The first line, and what follows it.
fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    memchr(b'\n', bytes).and_then(|end| bytes.split_at_checked(end + 1)).unwrap_or((bytes, &[]))
}

fn is_field(line: &[u8], name: &[u8]) -> bool {
    line.split_at_checked(name.len()).is_some_and(|(start, rest)| start.eq_ignore_ascii_case(name) && rest.first() == Some(&b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &str, expect: Option<HeadFault>) {
        let end = end_of_head(head.as_bytes());
        assert_eq!(end.map(|end| fault(head.as_bytes().get(..end).unwrap_or_default())), Some(expect), "{head:?}");
    }

    #[test]
    fn what_the_library_would_mend() {
        check("GET / HTTP/1.1\r\nHost: a\r\n\r\n", None);
        check("GET /private#x HTTP/1.1\r\nHost: a\r\n\r\n", Some(HeadFault::Fragment));
        check("POST / HTTP/1.1\r\nContent-Length: 3\r\ntransfer-encoding: chunked\r\n\r\n", Some(HeadFault::TwoLengths));
        check("POST / HTTP/1.1\nTransfer-Encoding: chunked\nCONTENT-LENGTH: 3\n\n", Some(HeadFault::TwoLengths));
        check("POST / HTTP/1.1\r\nContent-Length: 3\r\nX: transfer-encoding: chunked\r\n\r\nTransfer-Encoding: a", None);
        assert_eq!(end_of_head(b"GET / HTTP/1.1\r\nHost: a\r\n"), None);
    }
}
