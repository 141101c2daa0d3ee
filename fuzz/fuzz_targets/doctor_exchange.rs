//! A request that carries a secret, what else it has and what came back being arbitrary: whatever the server says and
//! wherever it says the secret back, the doctor does not show it. As a raw exchange, with two schemes, and in a `.http` file.

#![no_main]

use countersign_fuzz::{BASIC, SECRET, doctor};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let credentials = match first & 3 {
        0 => format!("Basic {BASIC}"),
        1 => format!("Token {SECRET}"),
        _ => format!("Bearer {SECRET}"),
    };
    let name = if first & 4 == 0 { "-" } else { "a.http" };
    let head = format!("GET https://api.example.test/orders HTTP/1.1\nAuthorization: {credentials}\nAccept: */*\n");
    doctor(name, &[head.as_bytes(), rest].concat());
});
