//! What the targets share: an issuer, and the whole way through the doctor, with the laws that hold for whatever goes in. The targets
//! themselves only say how arbitrary bytes become an input of one form.
//!
//! ```text
//!  name, bytes ─ read ─► Dossier ─ explain ─► Explanation ─► terminal, markdown, HTML, JSON ─► check each
//!                           └───── plan ────► what a probe would send ─────────────────────► check it too
//! ```

use countersign::token::Algorithm;
use countersign::{Issuer, TokenBinding};
use countersign_doctor::{
    Dossier, Exchange, Explanation, ReadFault, Screen, explain, html, html_article, markdown, read, render_explanation,
};
use countersign_probe::{MOST, Options, plan};

/// What stands in the inputs of [`doctor`] as the secret that was sent.
pub const SECRET: &str = "Zk3vQ9xT7mB2nR8wL5pD";
/// `ann:` and [`SECRET`], as Basic has it.
pub const BASIC: &str = "YW5uOlprM3ZROXhUN21CMm5SOHdMNXBE";
/// The time by which is judged: 2023-11-14.
pub const NOW: i64 = 1_700_000_000;
/// The elements that a page of the doctor has.
const ELEMENTS: &str = "a article b body code dd dl dt figcaption figure h1 h2 head html li main mark meta ol p pre section span strong \
                        style title ul !doctype";

/// An issuer whose tokens a rule accepts, with every algorithm.
pub fn issuer() -> Issuer {
    Issuer {
        name: "corp".into(),
        issuer: "https://id.example.test".into(),
        audiences: vec!["api".into()],
        algorithms: Algorithm::ALL.to_vec(),
        leeway: 30,
        access_token_type: false,
        binding: TokenBinding::Optional,
        dpop_nonces: false,
        introspection: None,
    }
}

/// Reads, explains and renders an input of this name.
pub fn doctor(name: &str, bytes: &[u8]) {
    match read(name, bytes) {
        Ok(mut dossier) => {
            lines(&dossier, bytes);
            dossier.now = Some(NOW);
            explained(&dossier);
        }
        Err(fault) => refused(&fault),
    }
}

/// The same for a dossier that was read, or made.
pub fn explained(dossier: &Dossier) {
    let explanation = explain(dossier);
    let json = serde_json::to_string(&explanation).unwrap();
    let (wide, narrow) = (screen(&explanation, 100, false), screen(&explanation, 30, false));
    let pages = [html(&explanation), html_article(&explanation)];
    let said = [json, wide, narrow, without_colour(&screen(&explanation, 80, true)), markdown(&explanation)];
    said.iter().chain(&pages).for_each(|text| shown(text));
    pages.iter().for_each(|page| elements(page));
    assert!(explanation.alternatives.len() <= 3);
    let planned = planned(dossier);
    for secret in sent_secrets(dossier) {
        for text in said.iter().chain(&pages).chain(&planned) {
            assert!(!text.contains(secret), "a secret that was sent is shown:\n{text}");
        }
    }
}

/// What a probe would send; nothing is sent.
fn planned(dossier: &Dossier) -> Vec<String> {
    let Ok(plan) = plan(dossier, &Options { now: NOW, seed: 7, ..Options::default() }) else { return Vec::new() };
    assert!(plan.steps.iter().map(|step| step.most).sum::<usize>() <= MOST, "more requests than are allowed");
    assert!(plan.steps.iter().all(|step| matches!(step.method.as_str(), "GET" | "HEAD" | "OPTIONS")));
    let steps = plan.steps.iter().map(|step| serde_json::to_string(step).unwrap());
    steps.chain(plan.remarks.iter().cloned()).collect()
}

fn screen(explanation: &Explanation, width: usize, colour: bool) -> String {
    render_explanation(explanation, &Screen { width, colour })
}

/// A fault is shown too.
fn refused(fault: &ReadFault) {
    let said = fault.to_string();
    assert!(!said.contains(SECRET) && !said.contains(BASIC), "{said}");
    assert!(said.len() < 2000, "{} bytes of fault", said.len());
}

/// What was sent as credentials, whole: a part of a longer value, or one in another place, may be no secret at all. A pair
/// tells its password too.
fn sent_secrets(dossier: &Dossier) -> Vec<&'static str> {
    let requests = dossier.exchanges.iter().filter_map(|exchange| exchange.request.as_ref());
    let fields = requests.flat_map(|request| request.headers.all("authorization"));
    let values = fields.map(|header| header.value.split_once(' ').map_or(header.value.as_str(), |(_, rest)| rest.trim()));
    let told = |value: &str| match value {
        SECRET => vec![SECRET],
        BASIC => vec![BASIC, SECRET],
        _ => vec![],
    };
    values.flat_map(told).collect()
}

/// No character that moves a cursor or turns the order of letters.
pub fn shown(text: &str) {
    let harmful = |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(!text.contains(harmful), "{text:?}");
}

/// Takes off the colours that the doctor itself gives.
fn without_colour(text: &str) -> String {
    ["1;31", "33", "32", "1", "2", "0"].iter().fold(text.to_owned(), |text, code| text.replace(&format!("\u{1b}[{code}m"), ""))
}

/// Only elements of ours, none of what was given.
fn elements(page: &str) {
    for tag in page.split('<').skip(1) {
        let name = tag.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric() && c != '!').next().unwrap_or_default();
        assert!(ELEMENTS.split_whitespace().any(|known| known.eq_ignore_ascii_case(name)), "<{}", tag.chars().take(60).collect::<String>());
    }
}

/// A line that is named is one of the input.
fn lines(dossier: &Dossier, bytes: &[u8]) {
    // UTF-16 has a line end in every other byte at most; none makes more lines than bytes.
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
    for Exchange { request, response, .. } in &dossier.exchanges {
        if let Some(request) = request {
            assert!(request.line <= lines, "{request:?}");
            assert!(request.headers.0.iter().all(|header| header.line <= lines), "{request:?}");
            let _ = (request.host(), request.path(), request.query());
        }
        if let Some(response) = response {
            assert!(response.line <= lines, "{response:?}");
            assert!(response.headers.0.iter().all(|header| header.line <= lines), "{response:?}");
        }
    }
}
