//! A command, by any of the tools that the doctor knows, with arbitrary words after it, alone or with an answer.

#![no_main]

use countersign_fuzz::{SECRET, doctor};
use libfuzzer_sys::fuzz_target;

const BEGINNINGS: [&str; 8] =
    ["curl ", "curl.exe ^\n ", "$ curl -v ", "http ", "https -v ", "wget -S ", "Invoke-WebRequest -Uri ", "await fetch("];

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let beginning = BEGINNINGS[usize::from(*first) % BEGINNINGS.len()];
    let credentials = if *first < 128 { String::new() } else { format!("-H 'Authorization: Bearer {SECRET}' ") };
    doctor("-", &[beginning.as_bytes(), credentials.as_bytes(), rest].concat());
});
