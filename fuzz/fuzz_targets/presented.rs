//! The credentials that a request carries, with cookies, keys wherever a rule may look for them, and whatever stands in
//! `Authorization`: what a reference keeps of them has kinds, places and lengths, and no part of a value.

#![no_main]

use countersign::{KeyPlace, Presented, RequestParts, Target};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use libfuzzer_sys::fuzz_target;
use std::net::{IpAddr, Ipv4Addr};

fuzz_target!(|bytes: &[u8]| {
    // An empty line stands before the body.
    let end = bytes.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = end.map_or((bytes, None), |end| (&bytes[..end], Some(&bytes[end + 2..])));
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default());
    let Ok(target) = Target::parse(&first) else { return };
    let mut headers = HeaderMap::new();
    for line in lines {
        let Some(at) = line.iter().position(|byte| *byte == b':') else { continue };
        let value = line[at + 1..].trim_ascii();
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(&line[..at]), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    let places = [
        KeyPlace::Header(HeaderName::from_static("x-api-key")),
        KeyPlace::Authorization("Token".into()),
        KeyPlace::Query("api_key".into()),
        KeyPlace::Cookie("key".into()),
        KeyPlace::Form("key".into()),
        KeyPlace::Json(vec!["auth".into(), "key".into()]),
    ];
    for secure in [true, false] {
        let parts = RequestParts {
            method: &Method::POST,
            target: &target,
            headers: &headers,
            host: "app.example.test",
            secure,
            certificate: None,
            client: IpAddr::V4(Ipv4Addr::LOCALHOST),
            body,
        };
        let presented = Presented::read(&parts, &places);
        let seen = presented.seen();
        let there = [presented.authorization.is_some(), presented.api_key.is_some(), presented.session.is_some()];
        assert_eq!(seen.len(), there.into_iter().filter(|there| *there).count());
        assert!(!presented.repeated || presented.authorization.is_some());
        assert!(!presented.api_key_repeated || presented.api_key.is_some());
        assert!(Presented::read(&parts, &[]).api_key.is_none());
        for one in seen {
            let name = one.name.unwrap_or_default();
            assert!(name.len() <= 12 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name}");
        }
    }
});
