//! Any bytes under any name that matters as an input of the doctor, which reads, explains and shows them.
//! Not what it says; the tables in the crate do.

#![no_main]

use countersign_fuzz::doctor;
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 9] = ["-", "a.http", "a.har", "nginx.conf", "a.json", "a.xml", "httpd.conf", "Caddyfile", "countersign.toml"];

fuzz_target!(|bytes: &[u8]| {
    match bytes.split_first() {
        Some((first, rest)) if *first < 32 => doctor(NAMES[usize::from(*first) % NAMES.len()], rest),
        _ => doctor("-", bytes),
    }
});
