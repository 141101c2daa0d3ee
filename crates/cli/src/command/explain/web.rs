//! `explain --web`: one page on loopback to paste or drop things on. Nothing leaves the machine: what is posted is
//! explained in this process, no page loads anything, and nothing is asked over the network.
//!
//! ```text
//! request ──► Host, path with the secret, Origin ──► GET: the page
//!                                               └──► POST: body (bounded) ──► posted ──► answer ──► the page with it
//! ```
//!
//! The path holds a random part, so that neither another account of this machine nor another site's page can post.

mod page;
mod posted;

use super::answer::Answer;
use super::input::Input;
use super::{Explain, form, log};
use crate::argument::random;
use crate::failure::{Class, Failure};
use crate::output::Output;
use crate::place::wait;
use bytes::Bytes;
use countersign_doctor::LIMIT;
use http::header::{CONTENT_TYPE, HOST, HeaderName, ORIGIN};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use page::Page;
use serde_json::json;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// The most of a body: one thing of the greatest size, and what a form puts around it.
const BODY: usize = LIMIT + 64 * 1024;
/// How much more is taken and thrown away, so that a browser that still sends reads why it was refused.
const THROWN_AWAY: usize = 8 * BODY;
/// How long a body may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many connections are served at once.
const CONNECTIONS: usize = 64;

/// An address on loopback.
pub(super) fn loopback(text: &str) -> Result<SocketAddr, String> {
    let text = text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    match text.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Ok(address),
        Ok(_) => Err("the page is for this machine alone: 127.0.0.1:PORT or [::1]:PORT, please".to_owned()),
        Err(_) => Err("an address with a port, please: 127.0.0.1:8402; port 0 takes a free one".to_owned()),
    }
}

/// Serves until it is interrupted.
pub(super) fn run(explain: Explain, output: &Output) -> Result<(), Failure> {
    let secret = random(16)?;
    let asked = explain.listen;
    wait(async {
        let unusable =
            |error| Failure::error("listen", format!("cannot listen on {asked}: {error}")).mend("`--listen 127.0.0.1:0` takes a free port");
        let listener = TcpListener::bind(asked).await.map_err(unusable)?;
        let address = listener.local_addr().map_err(unusable)?;
        let path = format!("/{secret}/");
        let url = format!("http://{address}{path}");
        output.either(&json!({ "event": "ready", "url": url }), || {
            format!("{url}\nOpen it in a browser and paste or drop what was refused. Nothing leaves this machine. Ctrl-C ends it.")
        })?;
        let desk = Arc::new(Desk { explain: Arc::new(explain), address, path, page: Page::new(), turn: Semaphore::new(1) });
        tokio::select! {
            () = accept(desk, listener) => Ok(()),
            ended = tokio::signal::ctrl_c() => ended.map_err(|error| Failure::error("system", error.to_string())),
        }
    })
}

/// What every request needs.
struct Desk {
    explain: Arc<Explain>,
    address: SocketAddr,
    path: String,
    page: Page,
    /// One explanation at a time, so that memory is bounded by one.
    turn: Semaphore,
}

async fn accept(desk: Arc<Desk>, listener: TcpListener) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = room.clone().acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let desk = desk.clone();
        tokio::spawn(async move {
            serve(desk, stream).await;
            drop(place);
        });
    }
}

async fn serve(desk: Arc<Desk>, stream: TcpStream) {
    let service = service_fn(|request| {
        let desk = desk.clone();
        async move {
            let (status, body) = desk.reply(request).await;
            Ok::<_, Infallible>(desk.response(status, body))
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(10));
    // A connection that breaks is the browser's affair.
    drop(builder.serve_connection(TokioIo::new(stream), service).await);
}

impl Desk {
    async fn reply(&self, request: Request<Incoming>) -> (StatusCode, String) {
        let field = |name: &HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
        if !field(&HOST).is_some_and(|host| self.is_here(host)) {
            return self.said(StatusCode::MISDIRECTED_REQUEST, "This page is served under its own address only.");
        }
        if request.uri().path() != self.path {
            return self.said(StatusCode::NOT_FOUND, "The address is the one that `countersign explain --web` printed, all of it.");
        }
        if let Some(origin) = field(&ORIGIN)
            && !origin.strip_prefix("http://").is_some_and(|host| self.is_here(host))
        {
            return self.said(StatusCode::FORBIDDEN, "Another site's page may not post here.");
        }
        match *request.method() {
            Method::GET | Method::HEAD => (StatusCode::OK, self.page.empty()),
            Method::POST => self.post(request).await,
            _ => self.said(StatusCode::METHOD_NOT_ALLOWED, "GET shows the page, POST explains."),
        }
    }

    async fn post(&self, request: Request<Incoming>) -> (StatusCode, String) {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let Ok(turn) = self.turn.acquire().await else {
            return self.said(StatusCode::SERVICE_UNAVAILABLE, "It is ending.");
        };
        let body = match tokio::time::timeout(PATIENCE, take(request.into_body())).await {
            Ok(Ok(body)) => body,
            Ok(Err(status @ StatusCode::PAYLOAD_TOO_LARGE)) => {
                let most = LIMIT / 1024 / 1024;
                return self.said(status, &format!("That is more than {most} MiB. A log of any size: countersign explain FILE"));
            }
            Ok(Err(status)) => return self.said(status, "It did not arrive as a whole."),
            Err(_) => return self.said(StatusCode::REQUEST_TIMEOUT, "It took too long to arrive."),
        };
        let explain = self.explain.clone();
        let done = tokio::task::spawn_blocking(move || explain_posted(&explain, &kind, &body)).await;
        drop(turn);
        match done {
            Ok(Ok(article)) => (StatusCode::OK, self.page.with(&article)),
            Ok(Err(failure)) => self.said(StatusCode::UNPROCESSABLE_ENTITY, &failure.render(false)),
            Err(_) => self.said(StatusCode::INTERNAL_SERVER_ERROR, "This could not be explained. It is a fault of this program."),
        }
    }

    fn said(&self, status: StatusCode, text: &str) -> (StatusCode, String) {
        (status, self.page.with(&countersign_doctor::html_preformatted(text)))
    }

    /// Is it this server's own authority? Any other name that leads here was made up to read what is posted.
    fn is_here(&self, authority: &str) -> bool {
        authority == self.address.to_string() || authority == format!("localhost:{}", self.address.port())
    }

    fn response(&self, status: StatusCode, body: String) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::from(body));
        *response.status_mut() = status;
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("content-security-policy", self.page.policy()),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cache-control", "no-store"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

/// The body, as long as it is within its bound; of a longer one the rest is thrown away.
async fn take(mut body: Incoming) -> Result<Bytes, StatusCode> {
    // As much as will come, so that it is not copied as it grows.
    let announced = body.size_hint().upper().and_then(|length| usize::try_from(length).ok());
    let mut taken = Vec::with_capacity(announced.unwrap_or(BODY).min(BODY));
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| StatusCode::BAD_REQUEST)?.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length <= BODY {
            taken.extend_from_slice(&data);
        } else if length <= THROWN_AWAY {
            taken = Vec::new();
        } else {
            break;
        }
    }
    if length > BODY { Err(StatusCode::PAYLOAD_TOO_LARGE) } else { Ok(taken.into()) }
}

fn explain_posted(explain: &Explain, kind: &str, body: &Bytes) -> Result<String, Failure> {
    let inputs = posted::inputs(kind, body)?;
    let is_log = |input: &&Input| log::is_log(&input.name, input.bytes.get(..64 * 1024).unwrap_or(&input.bytes));
    match inputs.iter().filter(is_log).count() {
        0 => {}
        logs if logs == inputs.len() => return log::article(&inputs),
        _ => return Err(Failure::error("input", "logs are explained alone or with other logs").mend("post what is no log by itself")),
    }
    let answer = explain.answer(&inputs);
    let unknown = match &answer {
        Ok(Answer::Explanation(explanation)) => explanation.verdict.cause.is_none(),
        Err(failure) => matches!(failure, Failure::Said { class: Class::NothingToExplain, .. }),
        Ok(_) => false,
    };
    if unknown && inputs.iter().all(|input| input.url().is_some()) {
        let said = Failure::of(Class::CannotKnow, "needs-probe", "a URL alone does not tell it, and this page asks nobody");
        return Err(said.mend("countersign explain URL, in the terminal, may ask it"));
    }
    answer.map(|answer| form::article(&answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<&str>) {
        assert_eq!(loopback(text).ok().map(|address| address.to_string()).as_deref(), expect, "{text}");
    }

    #[test]
    fn only_loopback() {
        check("127.0.0.1:0", Some("127.0.0.1:0"));
        check("127.9.9.9:1", Some("127.9.9.9:1"));
        check("[::1]:8080", Some("[::1]:8080"));
        check("localhost:8080", Some("127.0.0.1:8080"));
        check("0.0.0.0:0", None);
        check("[::]:0", None);
        check("192.0.2.1:80", None);
        check("[::ffff:127.0.0.1]:0", None);
        check("127.0.0.1", None);
        check("localhost.example:1", None);
    }
}
