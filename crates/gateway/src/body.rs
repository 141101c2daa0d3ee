//! Bodies on their way through: streamed, bounded in size and idle time, trailers cleaned.

use crate::headers;
use crate::upstream::Lease;
use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use thiserror::Error;
use tokio::time::{Instant, Sleep};

/// Why a body ended before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum BodyFault {
    /// It was longer than the site allows.
    #[error("the body is longer than this site allows")]
    TooLarge,
    /// Nothing came for too long.
    #[error("the body stalled")]
    Stalled,
    /// The connection broke.
    #[error("the connection broke within the body")]
    Broken,
}

/// What the forwarding side learns of a body that it handed on.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    fault: Cell<Option<BodyFault>>,
    moved: Cell<Option<Instant>>,
    ended: Cell<bool>,
}

impl Progress {
    /// Why it ended early, if it did.
    pub(crate) fn fault(&self) -> Option<BodyFault> {
        self.fault.get()
    }

    /// When its last part went by, unless it has ended.
    pub(crate) fn moving_since(&self) -> Option<Instant> {
        self.moved.get().filter(|_| !self.ended.get())
    }
}

/// What the client sends.
pub(crate) enum Sent {
    /// It is still to come.
    Coming(Incoming),
    /// It is here, because judging had to see it. Trailers are left out.
    Whole(Bytes),
}

impl Sent {
    /// Reads it whole; `limit` in bytes.
    pub(crate) async fn whole(incoming: Incoming, limit: u64, idle: Duration) -> Result<Self, BodyFault> {
        let (mut body, _) = RequestBody::new(Self::Coming(incoming), Some(limit), idle);
        let mut bytes = BytesMut::new();
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame?.into_data() {
                bytes.extend_from_slice(&data);
            }
        }
        Ok(Self::Whole(bytes.freeze()))
    }

    /// The bytes, if they are here.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Coming(_) => None,
            Self::Whole(bytes) => Some(bytes),
        }
    }
}

/// A request's body on its way to the upstream.
pub(crate) enum RequestBody {
    /// None.
    Empty,
    /// It was read before.
    Whole(Option<Bytes>),
    /// As it comes from the client.
    Streamed(Box<Streamed>),
}

/// A body that is passed on part by part.
pub(crate) struct Streamed {
    incoming: Incoming,
    left: u64,
    idle: Duration,
    timer: Pin<Box<Sleep>>,
    progress: Rc<Progress>,
}

impl RequestBody {
    /// Wraps what the client sends; `limit` in bytes.
    pub(crate) fn new(sent: Sent, limit: Option<u64>, idle: Duration) -> (Self, Rc<Progress>) {
        let progress = Rc::new(Progress::default());
        let incoming = match sent {
            Sent::Coming(incoming) => incoming,
            Sent::Whole(bytes) => {
                progress.ended.set(true);
                return (Self::Whole(Some(bytes).filter(|bytes| !bytes.is_empty())), progress);
            }
        };
        if incoming.is_end_stream() {
            progress.ended.set(true);
            return (Self::Empty, progress);
        }
        let timer = Box::pin(tokio::time::sleep(idle));
        progress.moved.set(Some(Instant::now()));
        let streamed = Streamed { incoming, left: limit.unwrap_or(u64::MAX), idle, timer, progress: progress.clone() };
        (Self::Streamed(Box::new(streamed)), progress)
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Streamed(streamed) => streamed.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Whole(bytes) => bytes.is_none(),
            Self::Streamed(streamed) => streamed.incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Streamed(streamed) => streamed.incoming.size_hint(),
        }
    }
}

impl Streamed {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) else {
            ready!(self.timer.as_mut().poll(cx));
            return self.fail(BodyFault::Stalled);
        };
        let now = Instant::now();
        self.progress.moved.set(Some(now));
        self.timer.as_mut().reset(now + self.idle);
        match frame {
            None => {
                self.progress.ended.set(true);
                Poll::Ready(None)
            }
            Some(Err(_)) => self.fail(BodyFault::Broken),
            Some(Ok(frame)) => {
                let size = frame.data_ref().map_or(0, |data| data.len() as u64);
                match self.left.checked_sub(size) {
                    None => self.fail(BodyFault::TooLarge),
                    Some(left) => {
                        self.left = left;
                        Poll::Ready(Some(Ok(clean_trailers(frame))))
                    }
                }
            }
        }
    }

    fn fail(&mut self, fault: BodyFault) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        self.progress.fault.set(Some(fault));
        self.progress.ended.set(true);
        Poll::Ready(Some(Err(fault)))
    }
}

/// Trailers may not bring what headers may not: an upstream that merges them would take it for a header.
fn clean_trailers(frame: Frame<Bytes>) -> Frame<Bytes> {
    match frame.into_trailers() {
        Ok(mut trailers) => {
            headers::remove_untrusted(&mut trailers);
            Frame::trailers(trailers)
        }
        Err(frame) => frame,
    }
}

/// A response's body.
pub(crate) enum ResponseBody {
    /// Made here.
    Whole(Option<Bytes>),
    /// From the upstream; the connection, if it is lent, returns when the body has ended.
    Upstream(Incoming, Option<Lease>),
}

impl ResponseBody {
    /// None.
    pub(crate) const fn empty() -> Self {
        Self::Whole(None)
    }
}

impl From<String> for ResponseBody {
    fn from(text: String) -> Self {
        Self::Whole(Some(text.into()))
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Upstream(incoming, lease) => {
                let frame = ready!(Pin::new(&mut *incoming).poll_frame(cx));
                let ended = match &frame {
                    None => true,
                    Some(Ok(_)) => incoming.is_end_stream(),
                    Some(Err(_)) => false,
                };
                if ended && let Some(lease) = lease.take() {
                    lease.give_back();
                }
                Poll::Ready(frame)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Self::Upstream(incoming, _) => incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Upstream(incoming, _) => incoming.size_hint(),
        }
    }
}
