//! A request target: its canonical form is its own, and no reader of it comes to another place than the rules did.

#![no_main]

use countersign::{Target, fold};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(target) = Target::parse(text) else { return };
    let again = Target::parse(target.as_str()).unwrap();
    assert_eq!((again.as_str(), again.path(), again.folded_path()), (target.as_str(), target.path(), target.folded_path()));
    let path = target.path();
    assert!(path.starts_with('/') && !path.contains("//") && path.is_ascii());
    assert!(!path.contains(['\\', ';', '#', '?', ' ']) && !path.contains(|c: char| c.is_control()));
    let decoded = percent_decoded(path);
    let written = path.matches('/').count();
    assert_eq!(decoded.matches('/').count(), written, "a slash that only some see: {path}");
    assert!(!decoded.split('/').any(|segment| matches!(segment, "." | "..")), "{path}");
    assert!(!percent_decoded(&decoded).contains(['\\', '\0']) && percent_decoded(&decoded) == decoded, "encoded twice: {path}");
    assert_eq!(target.folded_path(), fold(path), "{path}");
    assert_eq!(target.query(), text.split_once('?').map(|(_, query)| query));
});

/// The bytes of every escape, once.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend(before.bytes());
        match after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(value) => {
                bytes.push(value);
                rest = &after[2..];
            }
            None => {
                bytes.push(b'%');
                rest = after;
            }
        }
    }
    bytes.extend(rest.bytes());
    String::from_utf8(bytes).unwrap()
}
