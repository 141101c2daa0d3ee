//! The gateway: stands in front of an app, judges every request, and refuses correctly.
//!
//! ```text
//! listen ──► serve: front ──► route ──► judge ──► trail ──► forward ──► upstream
//!                                          └──► respond (a refusal with its reference), sign_in (people)
//! ```

mod admin;
mod body;
mod case;
mod client_certificate;
pub mod config;
mod cors;
mod forward;
mod front;
mod head_watch;
mod headers;
mod held;
mod listen;
mod metrics;
mod pages;
mod respond;
mod sample;
mod serve;
mod sign_in;
mod start;
mod tls;
mod trail;
mod upstream;
mod worker;

pub use start::{Options, Ready, ServeError, run};
pub use tls::TlsError;
