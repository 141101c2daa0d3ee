//! What was read, as values: exchanges, tokens, documents. Readers make it, findings look at it, nobody changes it.

use countersign::Timestamp;

/// Everything that was given about one case, in the order in which it happened.
#[derive(Clone, Debug, Default)]
pub struct Dossier {
    /// Requests with their responses, the oldest first. The last refusal among them is what is explained.
    pub exchanges: Vec<Exchange>,
    /// What was given besides exchanges: a token alone, a key set, a SAML message, a configuration.
    pub documents: Vec<Document>,
    /// What the readers know to be missing: redacted fields, cut bodies, hops that were not recorded.
    pub not_seen: Vec<String>,
    /// Seconds since the epoch by the reader's clock; none where there is no clock to ask.
    pub now: Option<Timestamp>,
}

/// A request and what came back, as far as either is known.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// What was asked.
    pub request: Option<Request>,
    /// What came back.
    pub response: Option<Response>,
    /// When, where the recording says so (HAR), in seconds since the epoch.
    pub at: Option<Timestamp>,
    /// Was it made by a probe of ours? Then what it was sent with.
    pub probe: Option<Probe>,
    /// A failure below HTTP as the tool reported it: a TLS alert, a refused connection, a CORS error of the browser.
    pub failure: Option<String>,
    /// The input it was read from: a file's name, or `-`; empty for what was probed.
    pub source: String,
}

/// What a probe sent in the place of credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Nothing.
    Without,
    /// Credentials that nobody has.
    Garbage,
    /// The caller's own.
    Own,
    /// The caller's own, under another user agent.
    OtherAgent,
    /// The preflight that a browser would send.
    Preflight,
    /// Nothing: where an answer redirected to.
    Hop,
    /// A document about the server or its provider.
    Metadata,
}

/// A request.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The absolute URL where it is known, otherwise the target as written.
    pub url: String,
    /// The fields, as they came.
    pub headers: Headers,
    /// The body as text; bytes that are not UTF-8 are replaced.
    pub body: String,
    /// The line in the input where it begins, from 1.
    pub line: usize,
}

/// A response.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The fields, as they came.
    pub headers: Headers,
    /// The body as text; bytes that are not UTF-8 are replaced.
    pub body: String,
    /// The line in the input where it begins, from 1.
    pub line: usize,
}

/// Header fields in their order.
#[derive(Clone, Debug, Default)]
pub struct Headers(pub Vec<Header>);

/// One field.
#[derive(Clone, Debug)]
pub struct Header {
    /// Its name, as it was written.
    pub name: String,
    /// Its value, without blanks around it.
    pub value: String,
    /// Its line in the input, from 1; 0 where the input has no lines (HAR).
    pub line: usize,
}

/// Something that was given besides exchanges.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it is.
    pub kind: DocumentKind,
    /// Its text.
    pub text: String,
    /// Where it came from: a file's name, or `-`.
    pub name: String,
}

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    /// A JWT, signed or encrypted.
    Jwt,
    /// A token that says nothing of itself.
    OpaqueToken,
    /// A JWK set.
    KeySet,
    /// OpenID Connect or OAuth metadata.
    Discovery,
    /// RFC 9728 metadata.
    ResourceMetadata,
    /// A SAML response, request or assertion, as XML.
    Saml,
    /// SAML metadata, as XML.
    SamlMetadata,
    /// The body of an error, without its exchange.
    ErrorBody,
    /// A configuration of nginx, Apache, Caddy or ours.
    Configuration,
}

impl Dossier {
    /// Takes in what was read of another input of the same case: it comes after what is there already.
    pub fn join(&mut self, other: Dossier) {
        self.exchanges.extend(other.exchanges);
        self.documents.extend(other.documents);
        self.not_seen.extend(other.not_seen);
        self.now = self.now.or(other.now);
    }

    /// The exchange that is explained: the last refusal (401, 403, 407, 429, or a failure below HTTP), otherwise the last one
    /// with any error, otherwise the last. Probes do not count.
    pub fn refusal(&self) -> Option<(usize, &Exchange)> {
        let own = || self.exchanges.iter().enumerate().filter(|(_, exchange)| exchange.probe.is_none());
        let status = |exchange: &Exchange| exchange.response.as_ref().map(|response| response.status);
        own()
            .rfind(|(_, exchange)| exchange.failure.is_some() || matches!(status(exchange), Some(401 | 403 | 407 | 429)))
            .or_else(|| own().rfind(|(_, exchange)| status(exchange).is_some_and(|status| status >= 400)))
            .or_else(|| own().next_back())
    }
}

impl Headers {
    /// The first value under this name, in any case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next().map(|header| header.value.as_str())
    }

    /// Every field of this name, in any case.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Header> {
        self.0.iter().filter(move |header| header.name.eq_ignore_ascii_case(name))
    }
}

impl Request {
    /// The URL's host in lower case, without port; empty where it is not known.
    pub fn host(&self) -> String {
        let authority = match self.url.split_once("://") {
            Some((_, rest)) => rest.split(['/', '?', '#']).next().unwrap_or_default(),
            None => self.headers.get("host").unwrap_or_default(),
        };
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let host = match authority.strip_prefix('[') {
            Some(v6) => v6.split(']').next().unwrap_or_default(),
            None => authority.split(':').next().unwrap_or_default(),
        };
        host.to_ascii_lowercase()
    }

    /// The path without its query; `/` where there is none.
    pub fn path(&self) -> &str {
        let rest =
            self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"));
        rest.split(['?', '#']).next().unwrap_or("/")
    }

    /// The query, undecoded; empty where there is none.
    pub fn query(&self) -> &str {
        let (_, query) = self.url.split_once('?').unwrap_or_default();
        query.split('#').next().unwrap_or_default()
    }
}
