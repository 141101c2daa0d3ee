//! Whatever the text, reading it ends with a plan or with faults that point into it.

use super::{Loaded, parse};
use crate::config::{Rule, Site};
use countersign::Target;
use http::Method;

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

/// How many texts each test reads; the same ones in every run, so that a failure comes again.
const ROUNDS: u64 = 3000;

/// Numbers that look random (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }

    fn piece(&mut self) -> &'static str {
        PIECES[self.below(PIECES.len())]
    }
}

#[test]
fn any_pieces() {
    for round in 0..ROUNDS {
        let mut numbers = Numbers(round);
        let count = numbers.below(40);
        check(&(0..count).map(|_| numbers.piece()).collect::<String>());
    }
}

#[test]
fn any_damage() {
    for round in 0..ROUNDS {
        let mut numbers = Numbers(round);
        let mut text = include_str!("../default.toml").to_owned();
        let at = text.floor_char_boundary(numbers.below(text.len()));
        if numbers.below(2) == 0 {
            text.insert_str(at, numbers.piece());
        } else {
            let end = text.ceil_char_boundary((at + numbers.below(20)).min(text.len()));
            text.replace_range(at..end, numbers.piece());
        }
        check(&text);
    }
}

fn check(text: &str) {
    match parse("any.toml", text) {
        Ok(Loaded { plan, .. }) => plan.sites.iter().for_each(|site| {
            site.rules.iter().for_each(|rule| finds(site, rule));
        }),
        Err(faults) => {
            assert!(faults.iter().len() > 0);
            let lines = text.split('\n').count();
            assert!(faults.iter().all(|fault| fault.line.is_none_or(|line| (1..=lines).contains(&line))));
            assert!(!faults.to_string().is_empty());
        }
    }
}

/// A request that a rule is about finds that rule, or one before it.
fn finds(site: &Site, rule: &Rule) {
    let path = rule.path.as_str().replace("/**", "/a").replace('*', "a");
    let method = rule.methods.as_ref().map_or(&Method::GET, |methods| &methods[0]);
    let found = site.rule(method, &Target::parse(&path).unwrap());
    assert!(found.is_some_and(|found| found.index <= rule.index), "{path}");
}
