//! The readers and the reports on logs of every format and every pattern, as data.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod formats;
mod hostile;
mod joined;
mod patterns;

use super::{LogFormat, LogReader, LogReport};

/// Reads a text as a whole.
#[track_caller]
fn read(text: &[u8]) -> LogReport {
    let mut reader = LogReader::new(LogFormat::recognise(text).expect("a log"));
    reader.feed(text);
    reader.finish()
}

/// A line of nginx's combined format, `second` seconds after midnight.
fn line(client: &str, user: &str, second: i64, request: &str, status: u16) -> String {
    let (hour, minute, rest) = (second / 3600, second / 60 % 60, second % 60);
    let request = if request.contains(' ') { request.to_owned() } else { format!("GET {request}") };
    format!(
        "{client} - {user} [10/Oct/2025:{hour:02}:{minute:02}:{rest:02} +0000] \"{request} HTTP/1.1\" {status} 153 \"-\" \"curl/8.5.0\"\n"
    )
}
