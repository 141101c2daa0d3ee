//! Documents beside exchanges: metadata, key sets, bodies of errors. As they come, and as the body of a refusal that says it
//! is JSON, XML or a page.

#![no_main]

use countersign_fuzz::{SECRET, doctor};
use libfuzzer_sys::fuzz_target;

const TYPES: [&str; 5] = ["application/json", "application/xml", "text/html", "text/plain", "application/problem+json"];

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    if *first < 128 {
        return doctor("-", rest);
    }
    let kind = TYPES[usize::from(*first) % TYPES.len()];
    let head = format!(
        "GET https://api.example.test/ HTTP/1.1\nAuthorization: Bearer {SECRET}\n\nHTTP/1.1 403 Forbidden\nContent-Type: {kind}\n\n"
    );
    doctor("-", &[head.as_bytes(), rest].concat());
});
