//! A bare URL: what somebody asks about before there is any recording. Whoever may send asks it; here it is a request that
//! was not made.

use super::ReadFault;
use crate::dossier::{Dossier, Exchange, Request};

/// Is the text one URL and nothing else?
pub(crate) fn recognise(name: &str, text: &str) -> bool {
    let _ = name;
    address(text).is_some()
}

/// Reads it as a plain GET.
pub(crate) fn read(name: &str, text: &str) -> Result<Dossier, ReadFault> {
    let _ = name;
    let url = address(text).ok_or(ReadFault::Unrecognised)?;
    let line = 1 + text.lines().take_while(|line| line.trim().is_empty()).count();
    let request = Request { method: "GET".to_owned(), url: url.to_owned(), line, ..Request::default() };
    Ok(Dossier { exchanges: vec![Exchange { request: Some(request), ..Exchange::default() }], ..Dossier::default() })
}

fn address(text: &str) -> Option<&str> {
    let url = text.trim().trim_matches(['<', '>', '"', '\'', '`']);
    let (scheme, rest) = url.split_once("://")?;
    let web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    (web && !host.is_empty() && url.len() <= 65_536 && !url.contains(char::is_whitespace)).then_some(url)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<&str>) {
        assert_eq!(recognise("-", text), expect.is_some(), "{text}");
        let read = read("-", text).ok().map(|dossier| dossier.exchanges[0].request.as_ref().unwrap().url.clone());
        assert_eq!(read.as_deref(), expect, "{text}");
    }

    #[test]
    fn one_url_and_nothing_else() {
        check("https://api.example.com/orders?a=1#b\n", Some("https://api.example.com/orders?a=1#b"));
        check(" <HTTP://10.0.0.1:8080>\n", Some("HTTP://10.0.0.1:8080"));
        for text in
            ["", "https://", "https:///x", "ftp://example.com/", "see https://example.com/", "https://a.example/\nhttps://b.example/"]
        {
            check(text, None);
        }
    }
}
