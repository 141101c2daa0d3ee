//! The listener for those who run the gateway: health, readiness, metrics. On loopback unless configured otherwise.

use crate::worker::Shared;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// Serves until the process ends.
pub(crate) async fn run(shared: Arc<Shared>, listener: TcpListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let shared = shared.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let shared = shared.clone();
                async move { Ok::<_, Infallible>(answer(&shared, &request).await) }
            });
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(10));
            drop(builder.serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

async fn answer(shared: &Shared, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/healthz") => text(StatusCode::OK, "ok\n".into()),
        (&Method::GET | &Method::HEAD, "/readyz") => readiness(shared).await,
        (&Method::GET, "/metrics") => {
            let mut response = text(StatusCode::OK, shared.metrics.render(&shared.sources.introspection_counts()));
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            response
        }
        _ => text(StatusCode::NOT_FOUND, "not found\n".into()),
    }
}

/// Ready as long as the store answers; an issuer that is down is named and does not make the gateway unready, since
/// everything but its tokens is served.
async fn readiness(shared: &Shared) -> Response<Full<Bytes>> {
    let store = shared.sources.store().epoch().await.is_ok();
    let plan = shared.plan.load();
    let without_keys: Vec<&str> =
        plan.issuers.iter().filter(|issuer| !shared.sources.keys_held(&issuer.issuer)).map(|issuer| issuer.name.as_str()).collect();
    let report = serde_json::json!({ "ready": store, "store": store, "issuers_without_keys": without_keys });
    text(if store { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, format!("{report}\n"))
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
