//! A gateway whose people sign in with a provider that a test plays, and the browser's part of it.

use crate::client::{Answer, get};
use crate::gateway::{Folder, Gateway};
use crate::provider::{Provider, Request, SECRET, cookies};
use crate::scene::form;
use crate::upstream::Upstream;
use serde_json::Value;
use std::net::SocketAddr;

/// A stage.
pub struct LoginScene {
    /// The gateway.
    pub gateway: Gateway,
    /// The app behind it.
    pub upstream: Upstream,
    /// The provider.
    pub provider: Provider,
}

impl LoginScene {
    /// The stage of `config/oidc.toml`.
    #[track_caller]
    pub fn new() -> Self {
        Self::with(Provider::start(), include_str!("../config/oidc.toml"))
    }

    /// The stage of another configuration, in which `UPSTREAM` and `PROVIDER` stand for the addresses.
    #[track_caller]
    pub fn with(provider: Provider, config: &str) -> Self {
        let upstream = Upstream::start();
        let config = config.replace("\"UPSTREAM\"", &format!("\"http://{}\"", upstream.address));
        let folder = Folder::new();
        folder.write("corp.secret", format!("{SECRET}\n"));
        folder.write("countersign.toml", config.replace("\"PROVIDER\"", &format!("\"{}\"", provider.url())));
        let gateway = Gateway::start_in(folder, &[]);
        Self { gateway, upstream, provider }
    }

    /// Where the gateway listens.
    pub fn at(&self) -> SocketAddr {
        self.gateway.listen
    }

    /// Begins a login.
    #[track_caller]
    pub fn begin(&self, rd: &str) -> Request {
        Request::begin(self.at(), &format!("/oauth2/start?provider=corp&{}", form(&[("rd", rd)])), &[])
    }

    /// Comes back from the provider with a code and what it says of itself.
    #[track_caller]
    pub fn come_back(&self, request: &Request) -> Answer {
        let code = self.provider.code(request);
        self.callback(&[("code", &code), ("state", request.get("state")), ("iss", &self.provider.url())], &request.cookies)
    }

    /// Comes back with this.
    #[track_caller]
    pub fn callback(&self, query: &[(&str, &str)], cookies: &str) -> Answer {
        get(self.at(), &format!("/oauth2/callback?{}", form(query)), &[("Accept", "text/html"), ("Cookie", cookies)])
    }

    /// Logs in; gives the session's cookie.
    #[track_caller]
    pub fn log_in(&self) -> String {
        let answer = self.come_back(&self.begin("/page"));
        assert_eq!((answer.status, answer.header("location")), (303, Some("/page")), "{answer:?}");
        session(&answer)
    }

    /// Asks for a page with a cookie, as a browser does.
    #[track_caller]
    pub fn page(&self, target: &str, cookie: &str) -> Answer {
        get(self.at(), target, &[("Accept", "text/html"), ("Cookie", cookie)])
    }

    /// Expects this cause of a refusal; gives what its reference holds.
    #[track_caller]
    pub fn refused(&self, answer: &Answer, cause: &str) -> Value {
        let report = self.gateway.explain(&answer.reference());
        assert_eq!(report["cause"], cause, "{answer:?}\n{report}");
        assert!(answer.cookie("countersign").is_none(), "{answer:?}");
        report
    }
}

impl Default for LoginScene {
    fn default() -> Self {
        Self::new()
    }
}

/// The session's cookie of an answer.
#[track_caller]
pub fn session(answer: &Answer) -> String {
    format!("countersign={}", answer.cookie("countersign").unwrap_or_else(|| panic!("no session: {answer:?} {}", cookies(answer))))
}
