//! Any bytes under any name that matters as an input of the doctor: reading ends with a dossier or with a fault, its lines are
//! lines of the input. Not what the dossier says; the tables in the crate do.

#![no_main]

use countersign_doctor::read;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let names = ["-", "a.http", "a.har", "nginx.conf", "a.json", "a.xml"];
    let (name, bytes) = match bytes.split_first() {
        Some((first, rest)) if *first < 32 => (names[usize::from(*first) % names.len()], rest),
        _ => ("-", bytes),
    };
    let Ok(dossier) = read(name, bytes) else { return };
    // UTF-16 has a line end in every other byte at most; none makes more lines than bytes.
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
    for exchange in &dossier.exchanges {
        if let Some(request) = &exchange.request {
            assert!(request.line <= lines, "{request:?}");
            assert!(request.headers.0.iter().all(|header| header.line <= lines), "{request:?}");
            let _ = (request.host(), request.path(), request.query());
        }
        if let Some(response) = &exchange.response {
            assert!(response.line <= lines, "{response:?}");
            assert!(response.headers.0.iter().all(|header| header.line <= lines), "{response:?}");
        }
    }
    let _ = dossier.refusal();
});
