//! Any bytes as a log of the format that they seem to have, or of any other, cut into blocks anywhere: never a panic, the same
//! report as in one block, and nothing in it that moves a cursor.

#![no_main]

use countersign_doctor::{LogFormat, LogReader, Screen, render_log};
use countersign_fuzz::shown;
use libfuzzer_sys::fuzz_target;

const FORMATS: [LogFormat; 11] = [
    LogFormat::Trail,
    LogFormat::CaddyJson,
    LogFormat::TraefikJson,
    LogFormat::EnvoyJson,
    LogFormat::Json,
    LogFormat::Alb,
    LogFormat::Envoy,
    LogFormat::Haproxy,
    LogFormat::ApacheError,
    LogFormat::NginxError,
    LogFormat::Common("common log"),
];

fuzz_target!(|bytes: &[u8]| {
    let [size, format, text @ ..] = bytes else { return };
    // A digit or a letter leaves the format to be recognised, so that a log as it is can be a seed.
    let format = match FORMATS.get(usize::from(*format)) {
        Some(format) => *format,
        None => match LogFormat::recognise(text) {
            Some(format) => format,
            None => return,
        },
    };
    let report = |size: usize| {
        let mut reader = LogReader::new(format);
        text.chunks(size).for_each(|block| reader.feed(block));
        reader.finish()
    };
    let (whole, parts) = (report(usize::MAX), report(usize::from(*size) + 1));
    let json = serde_json::to_string(&whole).unwrap();
    assert_eq!(json, serde_json::to_string(&parts).unwrap());
    shown(&json);
    shown(&render_log(&whole, &Screen { width: 80, colour: false }, true));
    shown(&render_log(&whole, &Screen { width: 24, colour: false }, false));
});
