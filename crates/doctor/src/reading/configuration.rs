//! A configuration of nginx, Apache, Caddy, HAProxy or our own: kept as text, and looked at by the finding of that name.

use super::ReadFault;
use crate::dossier::{Document, DocumentKind, Dossier};

/// The longest configuration that is read, in bytes.
const LIMIT: usize = 2 * 1024 * 1024;

/// Directives that stand at the beginning of a line in one of them; two different ones make a configuration.
const DIRECTIVES: &[&str] = &[
    "server {",
    "location ",
    "proxy_pass ",
    "proxy_set_header ",
    "auth_request ",
    "auth_basic ",
    "upstream ",
    "listen ",
    "server_name ",
    "fastcgi_pass ",
    "fastcgi_param ",
    "http {",
    "<virtualhost",
    "<directory",
    "<location",
    "<files",
    "<ifmodule",
    "rewriteengine ",
    "rewriterule ",
    "rewritecond ",
    "authtype ",
    "authname ",
    "authuserfile ",
    "require ",
    "requestheader ",
    "setenvif ",
    "cgipassauth ",
    "wsgipassauthorization ",
    "wsgiscriptalias ",
    "proxypass ",
    "proxypassreverse ",
    "servername ",
    "documentroot ",
    "reverse_proxy ",
    "basic_auth ",
    "basicauth ",
    "basic_auth {",
    "header_up ",
    "forward_auth ",
    "frontend ",
    "backend ",
    "http-request ",
    "bind ",
    "default_backend ",
    "use_backend ",
    "acl ",
    "[[route]]",
    "[[site]]",
    "[[issuer]]",
    "[server]",
    "underscores_in_headers ",
    "satisfy ",
    "return ",
    "try_files ",
    "add_header ",
    "order ",
    "allow from",
    "deny from",
    "option httpchk",
    "mode http",
    "root ",
    "ssl_certificate ",
];

/// Does it begin its lines like a configuration, or is its file named like one?
pub(crate) fn recognise(name: &str, text: &str) -> bool {
    let trimmed = text.trim_start();
    if trimmed.is_empty()
        || text.len() > LIMIT
        || trimmed.starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
    {
        return false;
    }
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
    let named = ["nginx.conf", "httpd.conf", "apache2.conf", ".htaccess", "caddyfile", "haproxy.cfg", "countersign.toml"];
    if named.contains(&file.as_str()) {
        return true;
    }
    let markup =
        trimmed.get(..9).is_some_and(|head| head.eq_ignore_ascii_case("<!doctype") || head.to_ascii_lowercase().starts_with("<html"));
    let lines = text.lines().take(20_000).map(|line| line.trim_start().to_ascii_lowercase());
    let mut seen: Vec<&str> = Vec::new();
    for line in lines {
        if let Some(directive) = DIRECTIVES.iter().find(|directive| line.starts_with(**directive))
            && !seen.contains(directive)
        {
            seen.push(directive);
        }
        if seen.len() >= 2 {
            return !markup;
        }
    }
    seen.len() == 1 && !markup && (file.ends_with(".conf") || single(trimmed))
}

/// One directive alone is recognised by its end: `proxy_set_header Host $host;`, or by a name that nothing else has.
fn single(text: &str) -> bool {
    let lower = text.trim_end().to_ascii_lowercase();
    let known = [
        "proxy_set_header",
        "cgipassauth",
        "wsgipassauthorization",
        "underscores_in_headers",
        "requestheader",
        "header_up",
        "auth_request",
    ];
    lower.lines().count() <= 3 && known.iter().any(|name| lower.starts_with(name))
}

/// Keeps it.
pub(crate) fn read(name: &str, text: &str) -> Result<Dossier, ReadFault> {
    let document = Document { kind: DocumentKind::Configuration, text: text.to_owned(), name: name.to_owned() };
    let not_seen =
        vec!["Whether this configuration is the one in force, and what the files that it includes say, is not known.".to_owned()];
    Ok(Dossier { documents: vec![document], not_seen, ..Dossier::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: bool) {
        assert_eq!(recognise("-", text), expect, "{text}");
    }

    #[test]
    fn configurations_are_told_from_text() {
        check("location /api/ {\n  proxy_pass http://app;\n}", true);
        check("<VirtualHost *:80>\n  ServerName a.example\n</VirtualHost>", true);
        check("a.example {\n  reverse_proxy app:80\n  basic_auth {\n  }\n}", true);
        check("frontend web\n  bind :80\n", true);
        check("[[route]]\n[[issuer]]\n", true);
        check("proxy_set_header Authorization \"\";", true);
        check("<!doctype html>\nreturn to\nlocation map\n", false);
        check("{\"keys\": []}", false);
        check("Access denied", false);
        assert!(recognise("conf/Caddyfile", ":80\n"));
    }
}
