//! Configurations of nginx, Apache, Caddy, HAProxy and our own, beside a refusal: what the doctor makes of both together.

#![no_main]

use countersign_doctor::read;
use countersign_fuzz::{NOW, SECRET, doctor, explained};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 6] = ["nginx.conf", "httpd.conf", ".htaccess", "Caddyfile", "countersign.toml", "haproxy.cfg"];

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let name = NAMES[usize::from(*first) % NAMES.len()];
    doctor(name, rest);
    let Ok(configuration) = read(name, rest) else { return };
    let refused = format!(
        "GET https://app.example.test/api HTTP/1.1\nAuthorization: Bearer {SECRET}\nX_Api_Key: k\n\nHTTP/1.1 401 Unauthorized\nServer: nginx\n\n"
    );
    let mut dossier = read("-", refused.as_bytes()).unwrap();
    dossier.join(configuration);
    dossier.now = Some(NOW);
    explained(&dossier);
});
