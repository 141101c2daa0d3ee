//! Fetches small JSON documents from issuers: no redirects, no proxies, bounded in size and time.

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL};
use http::{HeaderValue, Request, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::time::Duration;
use thiserror::Error;

/// The largest document, in bytes.
const LIMIT: usize = 1024 * 1024;
/// From the look-up of the name to the last byte.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Why a document could not be had.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum FetchError {
    #[error("{0} is not an address")]
    Address(String),
    #[error("{0} did not answer")]
    Unreachable(String),
    #[error("{0} did not answer in time")]
    Timeout(String),
    #[error("{0} answered {1}")]
    Status(String, u16),
    #[error("{0} answered with too much, or broke off")]
    Body(String),
    #[error("{0} answered with something else: {1}")]
    Content(String, String),
}

/// A client for issuers' documents.
#[derive(Clone, Debug)]
pub(crate) struct Fetcher(Client<HttpsConnector<HttpConnector>, Empty<Bytes>>);

/// A document, and for how many seconds it may be kept.
pub(crate) struct Document {
    pub body: Bytes,
    pub max_age: Option<u64>,
}

impl Fetcher {
    pub(crate) fn new() -> Self {
        // Built over the one provider that the workspace compiles in; it supports the default protocol versions.
        let connector = HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        Self(Client::builder(TokioExecutor::new()).pool_idle_timeout(Duration::from_secs(10)).build(connector))
    }

    pub(crate) async fn get(&self, address: &str) -> Result<Document, FetchError> {
        let uri: Uri = address.parse().map_err(|_| FetchError::Address(address.into()))?;
        tokio::time::timeout(TIMEOUT, self.fetch(uri, address)).await.map_err(|_| FetchError::Timeout(address.into()))?
    }

    async fn fetch(&self, uri: Uri, address: &str) -> Result<Document, FetchError> {
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = uri;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        let response = self.0.request(request).await.map_err(|_| FetchError::Unreachable(address.into()))?;
        if response.status() != http::StatusCode::OK {
            return Err(FetchError::Status(address.into(), response.status().as_u16()));
        }
        let max_age = response.headers().get(CACHE_CONTROL).and_then(|value| max_age(value.to_str().ok()?));
        let body = Limited::new(response.into_body(), LIMIT).collect().await.map_err(|_| FetchError::Body(address.into()))?;
        Ok(Document { body: body.to_bytes(), max_age })
    }
}

fn max_age(text: &str) -> Option<u64> {
    text.split(',').find_map(|directive| directive.trim().strip_prefix("max-age=")?.parse().ok())
}
