//! The page: a form, and above it what was explained. It works without scripts; the script adds dropping files anywhere.
//! Its policy names the one style and the one script by their hashes, and allows nothing else.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_doctor::HTML_STYLE;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The page's parts that are the same in every answer.
pub(super) struct Page {
    style: String,
    policy: String,
}

impl Page {
    pub(super) fn new() -> Self {
        let style = format!("{HTML_STYLE}{STYLE}");
        let hash = |text: &str| STANDARD.encode(digest(&SHA256, text.as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
            hash(&style),
            hash(SCRIPT)
        );
        Self { style, policy }
    }

    pub(super) fn policy(&self) -> &str {
        &self.policy
    }

    /// With nothing explained yet.
    pub(super) fn empty(&self) -> String {
        self.render("Explain a refusal", "Explain a refusal", "")
    }

    /// With an article, which is HTML.
    pub(super) fn with(&self, article: &str) -> String {
        self.render("Explained", "Explain something else", article)
    }

    fn render(&self, title: &str, heading: &str, article: &str) -> String {
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
             <style>{}</style>\n</head>\n<body>\n<main>\n{article}{FORM_HEAD}{heading}{FORM_REST}</main>\n\
             <script>{SCRIPT}</script>\n</body>\n</html>\n",
            self.style
        )
    }
}

const FORM_HEAD: &str = "<form method=\"post\" enctype=\"multipart/form-data\" autocomplete=\"off\">\n<h2>";
const FORM_REST: &str = "</h2>\n\
    <p id=\"about\">Paste what was refused, choose files, or drop them anywhere here: an exchange (<code>curl -i</code>), a curl command, a HAR, a \
    token, a SAML message, a configuration, or logs (up to 64 MiB; <code>countersign explain FILE</code> takes any size). Nothing leaves this machine, and secrets are masked in what is shown.</p>\n\
    <p><label for=\"text\">Text</label>\n<textarea id=\"text\" name=\"text\" rows=\"12\" spellcheck=\"false\" aria-describedby=\"about\"></textarea></p>\n\
    <p><label for=\"file\">Files</label>\n<input id=\"file\" name=\"file\" type=\"file\" multiple></p>\n\
    <p><button>Explain</button></p>\n</form>\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_inline_but_what_the_policy_names() {
        let page = Page::new().with("<article></article>");
        for absent in [" onclick", " onload", " style=", "http://", "https://", "src="] {
            assert!(!page.contains(absent), "{absent} in\n{page}");
        }
        assert_eq!((page.matches("<style>").count(), page.matches("<script>").count()), (1, 1));
        assert!(!SCRIPT.contains("</") && !STYLE.contains("</"));
    }
}
