//! Whole messages, made by the suites' provider and judged by the crate: good ones, wrong ones, and attacks by number.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod attacks;
mod logout;
mod metadata;
mod request;
mod response;
mod stage;
