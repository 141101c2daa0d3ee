//! A token whose header and claims are arbitrary: alone, and in a request that was refused.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_fuzz::{NOW, doctor};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut lines = text.splitn(3, '\n');
    let [header, claims, answer] = [0; 3].map(|_| lines.next().unwrap_or_default());
    let token = format!("{}.{}.c2lnbmF0dXJl", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    doctor("-", token.as_bytes());
    doctor("-", format!("{{\"access_token\":\"{token}\",\"expires_in\":{NOW}}}").as_bytes());
    let exchange = format!(
        "GET https://api.example.test/ HTTP/1.1\nAuthorization: Bearer {token}\n\nHTTP/1.1 401 Unauthorized\nDate: Tue, 14 Nov 2023 \
         22:13:20 GMT\n{answer}"
    );
    doctor("-", exchange.as_bytes());
});
