//! Whatever the text, reading it ends with a plan or with faults that point into it.

use super::parse;
use proptest::prelude::*;

const PIECES: &[&str] = &[
    "[server]\n",
    "[[site]]\n",
    "[site]\n",
    "[[site.rule]]\n",
    "[[issuer]]\n",
    "[server.tls]\n",
    "[site.cors]\n",
    "[",
    "]",
    "=",
    "\"",
    "\n",
    ",",
    "{",
    "}",
    "listen = ",
    "host = ",
    "upstream = ",
    "path = ",
    "access = ",
    "schemes = ",
    "scopes = ",
    "methods = ",
    "roles = ",
    "idle = ",
    "[session]\n",
    "body = ",
    "[limits]\n",
    "audiences = ",
    "algorithms = ",
    "issuer = ",
    "\"public\"\n",
    "\"/**\"\n",
    "\"/a/*/\u{e9}\"\n",
    "[\"basic\"]\n",
    "[\"HS256\"]\n",
    "{ GET = [\"r\"] }\n",
    "\"http://[::1\"\n",
    "\"*.\u{202e}x\"\n",
    "\"5m\"\n",
    "\"99999999999999999999d\"\n",
    "1979-05-27\n",
    "-1\n",
    "0x10\n",
    "'''\n",
    "\u{1F600}",
    "#\n",
    "\r\n",
    ".",
    "\0",
];

proptest! {
    #[test]
    fn any_pieces(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        check(&pieces.concat());
    }

    #[test]
    fn any_text(text in ".{0,200}") {
        check(&text);
    }

    #[test]
    fn any_damage(at in 0_usize..800, by in ".{0,3}") {
        let mut text = include_str!("../default.toml").to_owned();
        let at = text.floor_char_boundary(at.min(text.len()));
        text.insert_str(at, &by);
        check(&text);
    }
}

fn check(text: &str) {
    if let Err(faults) = parse("any.toml", text) {
        assert!(faults.iter().len() > 0);
        let lines = text.split('\n').count();
        assert!(faults.iter().all(|fault| fault.line.is_none_or(|line| (1..=lines).contains(&line))));
        assert!(!faults.to_string().is_empty());
    }
}
