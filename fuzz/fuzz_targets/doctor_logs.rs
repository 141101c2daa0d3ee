//! Any bytes as a log, cut into blocks anywhere: never a panic, the same report as in one block, and nothing in it that
//! moves a cursor.

#![no_main]

use countersign_doctor::{LogFormat, LogReader, Screen, render_log};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((size, text)) = bytes.split_first() else { return };
    let Some(format) = LogFormat::recognise(text) else { return };
    let report = |size: usize| {
        let mut reader = LogReader::new(format);
        text.chunks(size).for_each(|block| reader.feed(block));
        reader.finish()
    };
    let (whole, parts) = (report(usize::MAX), report(usize::from(*size) + 1));
    assert_eq!(serde_json::to_string(&whole).unwrap(), serde_json::to_string(&parts).unwrap());
    let shown = render_log(&whole, &Screen { width: 80, colour: false }, true);
    assert!(!shown.contains(|c: char| c.is_control() && c != '\n'));
});
