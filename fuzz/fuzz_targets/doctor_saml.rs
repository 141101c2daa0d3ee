//! SAML messages and other XML in every coating: plain, base64 (which is inflated where it is no text), in a redirect, in a
//! form of an exchange, in a page.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_fuzz::doctor;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let coded = || STANDARD.encode(rest);
    let escaped = || coded().replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let input = match first % 6 {
        0 => rest.to_vec(),
        1 => coded().into_bytes(),
        2 => format!("https://idp.example.test/sso?SAMLRequest={}&RelayState=x", escaped()).into_bytes(),
        3 => {
            let head = "POST https://sp.example.test/acs HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n\n";
            format!("{head}SAMLResponse={}\n\nHTTP/1.1 403 Forbidden\nDate: Tue, 14 Nov 2023 22:13:20 GMT\n\n", escaped()).into_bytes()
        }
        4 => format!("<form><input name=\"SAMLResponse\" value=\"{}\"/></form>", coded()).into_bytes(),
        _ => {
            let open =
                b"<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">";
            [open.as_slice(), rest, b"</samlp:Response>"].concat()
        }
    };
    doctor("-", &input);
});
