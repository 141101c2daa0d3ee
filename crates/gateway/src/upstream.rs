//! The way to the app behind the gateway: one pool of connections for each worker thread and upstream.
//!
//! ```text
//! forward ──► a connection from the pool, or a new one ──► send ──► response head ──► body, then back to the pool
//! ```
//!
//! HTTP/1.1 connections carry one request at a time and wait in the pool; an HTTP/2 connection is shared.

pub(crate) mod connect;

use crate::body::{BodyFault, Progress, RequestBody, ResponseBody};
use crate::config::{Limits, Upstream, UpstreamScheme};
use connect::connect;
use countersign::{Cause, Evidence, Outage, Subject, Value};
use http::header::HOST;
use http::uri::{Authority, Scheme};
use http::{Request, Response, Uri, Version};
use http_body::Body;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// The most idle connections that one pool keeps.
const IDLE_LIMIT: usize = 256;

/// Connections to one upstream, of one worker thread.
pub(crate) struct Pool {
    upstream: Upstream,
    tls: TlsConnector,
    connect_timeout: Duration,
    response_timeout: Duration,
    header_limit: usize,
    idle: RefCell<Vec<http1::SendRequest<RequestBody>>>,
    shared: RefCell<Option<http2::SendRequest<RequestBody>>>,
}

/// A new connection to an upstream.
enum Sender {
    One(http1::SendRequest<RequestBody>),
    Shared(http2::SendRequest<RequestBody>),
}

/// A connection that one response is still being read from.
pub(crate) struct Lease {
    sender: http1::SendRequest<RequestBody>,
    pool: Rc<Pool>,
}

impl Lease {
    /// The response has been read to its end.
    pub(crate) fn give_back(self) {
        self.pool.put(self.sender);
    }
}

/// Why the upstream gave no response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No connection, or it broke.
    Unreachable(&'static str),
    /// It did not answer in time.
    Timeout(&'static str),
    /// The client's own body was at fault.
    Body(BodyFault),
}

impl Failure {
    /// The outage that it is to the caller; none if the caller's body was at fault.
    pub(crate) fn outage(&self) -> Option<Outage> {
        let (cause, what) = match self {
            Self::Unreachable(what) => (Cause::UpstreamUnreachable, what),
            Self::Timeout(what) => (Cause::UpstreamTimeout, what),
            Self::Body(_) => return None,
        };
        Some(Outage { cause, retry_after: 5, evidence: Evidence::none().presented(Subject::Upstream, Value::text(what)) })
    }
}

impl Pool {
    /// An empty pool.
    pub(crate) fn new(upstream: Upstream, tls: TlsConnector, limits: &Limits) -> Rc<Self> {
        Rc::new(Self {
            upstream,
            tls,
            connect_timeout: limits.upstream_connect,
            response_timeout: limits.upstream_response,
            header_limit: limits.header as usize,
            idle: RefCell::default(),
            shared: RefCell::default(),
        })
    }

    /// Does the pool lead there, under these limits?
    pub(crate) fn leads_to(&self, upstream: &Upstream, limits: &Limits) -> bool {
        let same_limits = self.connect_timeout == limits.upstream_connect && self.response_timeout == limits.upstream_response;
        &self.upstream == upstream && same_limits && self.header_limit == limits.header as usize
    }

    /// Sends a request and waits for the response's head.
    ///
    /// # Errors
    /// [`Failure`]. A request is sent a second time only if nothing of it had left on a connection that turned out dead.
    pub(crate) async fn send(
        self: &Rc<Self>,
        request: Request<RequestBody>,
        progress: &Progress,
    ) -> Result<Response<ResponseBody>, Failure> {
        let dispatch = std::pin::pin!(self.dispatch(request));
        let sent = self.within(progress, dispatch).await;
        sent.map_err(|failure| progress.fault().map_or(failure, Failure::Body))
    }

    async fn dispatch(self: &Rc<Self>, mut request: Request<RequestBody>) -> Result<Response<ResponseBody>, Failure> {
        loop {
            let (sender, reused) = match self.take() {
                Some(sender) => (sender, true),
                // Rare, and large: in line it would make every request's future twenty times as large.
                None => (Box::pin(self.open()).await?, false),
            };
            let mut error = match sender {
                Sender::One(mut one) => match one.try_send_request(request).await {
                    Ok(response) => return Ok(self.lend(response, one)),
                    Err(error) => error,
                },
                Sender::Shared(mut shared) => match shared.try_send_request(self.absolute(request)).await {
                    Ok(response) => return Ok(response.map(|incoming| ResponseBody::Upstream(incoming, None))),
                    Err(error) => {
                        self.shared.borrow_mut().take();
                        error
                    }
                },
            };
            request = error.take_message().ok_or_else(|| failure(error.error()))?;
            if !reused {
                return Err(Failure::Unreachable("the connection was closed before the request was sent"));
            }
        }
    }

    /// HTTP/2 names scheme and authority beside the path, instead of a Host field (RFC 9113 section 8.3.1).
    fn absolute(&self, mut request: Request<RequestBody>) -> Request<RequestBody> {
        if let Some(host) = request.headers_mut().remove(HOST) {
            let scheme = if self.upstream.scheme == UpstreamScheme::Https { Scheme::HTTPS } else { Scheme::HTTP };
            let mut parts = std::mem::take(request.uri_mut()).into_parts();
            parts.scheme = Some(scheme);
            parts.authority = Authority::try_from(host.as_bytes()).ok();
            *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
        }
        *request.version_mut() = Version::HTTP_2;
        request
    }

    /// Ties the connection to the response's body, so that it returns when that has been read.
    fn lend(self: &Rc<Self>, response: Response<Incoming>, sender: http1::SendRequest<RequestBody>) -> Response<ResponseBody> {
        response.map(|incoming| {
            let lease = Lease { sender, pool: self.clone() };
            if incoming.is_end_stream() {
                lease.give_back();
                return ResponseBody::Upstream(incoming, None);
            }
            ResponseBody::Upstream(incoming, Some(lease))
        })
    }

    fn take(self: &Rc<Self>) -> Option<Sender> {
        let shared = self.shared.borrow().clone().filter(|shared| !shared.is_closed());
        if let Some(shared) = shared {
            return Some(Sender::Shared(shared));
        }
        loop {
            let sender = self.idle.borrow_mut().pop()?;
            if sender.is_ready() {
                return Some(Sender::One(sender));
            }
            // Its last request's body may still be on its way; it comes back when that has ended.
            self.wait_for(sender);
        }
    }

    fn put(&self, sender: http1::SendRequest<RequestBody>) {
        let mut idle = self.idle.borrow_mut();
        if !sender.is_closed() && idle.len() < IDLE_LIMIT {
            idle.push(sender);
        }
    }

    fn wait_for(self: &Rc<Self>, mut sender: http1::SendRequest<RequestBody>) {
        if sender.is_closed() {
            return;
        }
        let pool = self.clone();
        tokio::task::spawn_local(async move {
            if sender.ready().await.is_ok() {
                pool.put(sender);
            }
        });
    }

    async fn open(&self) -> Result<Sender, Failure> {
        let connecting = connect(&self.upstream, &self.tls, self.header_limit);
        let sender = timeout(self.connect_timeout, connecting).await.map_err(|_| Failure::Timeout("no connection in time"))??;
        if let Sender::Shared(shared) = &sender {
            *self.shared.borrow_mut() = Some(shared.clone());
        }
        Ok(sender)
    }

    /// The response's time begins anew as long as the request's body moves.
    async fn within<T>(&self, progress: &Progress, mut response: Pin<&mut impl Future<Output = Result<T, Failure>>>) -> Result<T, Failure> {
        loop {
            match timeout(self.response_timeout, response.as_mut()).await {
                Ok(done) => return done,
                Err(_) if progress.moving_since().is_some_and(|moved| moved.elapsed() < self.response_timeout) => {}
                Err(_) => return Err(Failure::Timeout("no response in time")),
            }
        }
    }
}

fn failure(error: &hyper::Error) -> Failure {
    Failure::Unreachable(if error.is_parse() { "the response is not HTTP" } else { "the connection broke before the response" })
}
