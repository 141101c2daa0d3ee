//! Configurations of proxies and servers that take credentials out, hide the public URL, or refuse by themselves.
//!
//! Beside a refusal that fits, a directive is near proof; alone it is possible, since the file may not be the one in force.

mod apache;
mod caddy;
mod haproxy;
mod nginx;
mod own;

use super::refusal::Refusal;
use crate::catalogue::Code;
use crate::clue::{Clue, Quote, Side};
use crate::dossier::{Document, DocumentKind, Dossier};
use crate::mask;

const NAME: &str = "configuration";
/// The most that is looked at of one file, in bytes.
const LIMIT: usize = 2 * 1024 * 1024;

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let case = Case::of(dossier);
    let files = dossier.documents.iter().filter(|document| document.kind == DocumentKind::Configuration && document.text.len() <= LIMIT);
    files.flat_map(|document| of(document, &case)).collect()
}

fn of(document: &Document, case: &Case) -> Vec<Clue> {
    let text = document.text.as_str();
    let mut seen = match dialect(document) {
        Dialect::Nginx => nginx::see(text, case),
        Dialect::Apache => apache::see(text, case),
        Dialect::Caddy => caddy::see(text, case),
        Dialect::Haproxy => haproxy::see(text),
        Dialect::Own => own::see(text),
    };
    // Ten locations without a Host are one piece of evidence, not ten.
    seen.sort_by_key(|sight| std::cmp::Reverse(sight.weight(case)));
    let mut told: Vec<Code> = Vec::new();
    seen.retain(|sight| !told.contains(&sight.code) && (told.push(sight.code), true).1);
    seen.into_iter().map(|sight| sight.clue(&document.name, case)).collect()
}

enum Dialect {
    Nginx,
    Apache,
    Caddy,
    Haproxy,
    Own,
}

/// Whose configuration it is, by its name and by how its lines begin.
fn dialect(document: &Document) -> Dialect {
    let file = document.name.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
    let begins = |words: &[&str]| {
        let lines = document.text.lines().map(|line| line.trim_start().to_ascii_lowercase());
        lines.filter(|line| words.iter().any(|word| line.starts_with(word))).count()
    };
    if file.ends_with(".toml") || begins(&["[["]) > 0 {
        return Dialect::Own;
    }
    if file.contains("caddyfile") || begins(&["reverse_proxy", "header_up", "basic_auth", "basicauth", "forward_auth", "handle "]) > 0 {
        return Dialect::Caddy;
    }
    if file.contains("haproxy") || begins(&["frontend ", "backend ", "http-request ", "default_backend", "bind "]) > 0 {
        return Dialect::Haproxy;
    }
    let apache = begins(&[
        "<",
        "rewriterule",
        "rewritecond",
        "authtype",
        "require ",
        "requestheader",
        "setenvif",
        "cgipassauth",
        "wsgi",
        "proxypass ",
    ]);
    let nginx = begins(&["location", "proxy_", "server", "upstream", "auth_request", "fastcgi_", "listen", "underscores_"]);
    if file.contains("httpd") || file.contains("apache") || file == ".htaccess" || apache > nginx {
        Dialect::Apache
    } else {
        Dialect::Nginx
    }
}

/// What the exchange beside the configuration is like, as far as a directive may bear on it.
#[derive(Default)]
struct Case {
    /// The exchange, where there is a refusal.
    refused: bool,
    /// Did the request carry an Authorization field, and with which scheme, in lower case?
    scheme: Option<String>,
    /// The path that was asked for.
    path: Option<String>,
    /// Fields of the request whose names have an underscore.
    underscored: Vec<String>,
    /// The schemes of the challenges, in lower case.
    challenges: Vec<String>,
}

impl Case {
    fn of(dossier: &Dossier) -> Self {
        let Some(refusal) = Refusal::of(dossier) else { return Self::default() };
        let request = refusal.request();
        let word = |value: &str| value.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        let answers = refusal.response().into_iter().flat_map(|response| response.headers.all("www-authenticate"));
        Self {
            refused: request.is_some(),
            scheme: request.and_then(|request| request.headers.get("authorization")).map(word),
            path: request.map(|request| request.path().to_owned()),
            underscored: request
                .iter()
                .flat_map(|request| &request.headers.0)
                .filter(|header| header.name.contains('_'))
                .map(|header| header.name.clone())
                .collect(),
            challenges: answers.map(|header| word(&header.value)).collect(),
        }
    }

    /// Does a refusal that the lost credentials explain stand beside it?
    fn lost_credentials(&self) -> bool {
        self.refused && self.scheme.is_some()
    }
}

/// What was seen at a line.
struct Sight {
    code: Code,
    /// The weight alone, and beside a refusal that fits.
    weights: (u8, u8),
    /// Does the refusal fit it?
    fits: bool,
    because: String,
    line: usize,
    text: String,
    product: &'static str,
    side: Side,
    fix: &'static str,
    lines: &'static [&'static str],
}

impl Sight {
    fn weight(&self, case: &Case) -> u8 {
        if self.fits && case.refused { self.weights.1 } else { self.weights.0 }
    }

    fn clue(self, name: &str, case: &Case) -> Clue {
        let weight = self.weight(case);
        let quote = Quote { place: name.to_owned(), exchange: 0, line: self.line, text: mask::text(self.text.trim()) };
        let mut clue = Clue::new(NAME, self.code, weight, self.because).quote(quote).fix(self.side, self.fix, self.lines);
        clue.product = Some(self.product.to_owned());
        clue
    }
}

#[cfg(test)]
mod tests;
