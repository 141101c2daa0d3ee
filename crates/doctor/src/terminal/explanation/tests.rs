//! The same explanation on wide and narrow screens, with and without colour, and with hostile text in all its parts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::*;
use crate::wording::sample;

const WIDE: Screen = Screen { width: 80, colour: false };

#[test]
fn it_reads_from_verdict_to_fix() {
    let text = render_explanation(&sample::expired(), &WIDE);
    let mut at = 0;
    for expected in [
        "401 token-expired (certain)\n",
        "The token's lifetime",
        "  request   GET https://api.example.com/orders",
        "  product   Example Server 2",
        "Contradiction\n",
        "Evidence\n",
        "    --> request header Authorization\n   5 | Authorization: Bearer eyJhbGci… (812 characters)\n     |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n",
        "  12 | Date: Tue, 14 Nov 2023 22:13:20 GMT\n     |       ^^^^^",
        "     = The token ended 3 min 12 s before",
        "It could also be\n  1. clock-skew (clock_skew)\n",
        "Ruled out by a Date that agrees.",
        "Next step\n",
        "    date -u\n",
        "Fix\n  - caller: Renew the token:\n      curl -d grant_type=refresh_token https://login.example.com/token\n",
        "Does it help to try again?\n",
        "Not seen\n  - the token's signature",
        "More: countersign explain token-expired\n",
    ] {
        let found = text[at..].find(expected).unwrap_or_else(|| panic!("no {expected:?} after {:?} in\n{text}", &text[..at]));
        at += found;
    }
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn nothing_but_lines_to_copy_is_wider_than_the_screen() {
    let explanation = sample::expired();
    let copied = |line: &str| line.contains("curl") || line.contains("date -u");
    for width in [1, 20, 21, 34, 43, 44, 80, 200] {
        let text = render_explanation(&explanation, &Screen { width, colour: false });
        for line in text.lines().filter(|line| !copied(line)) {
            assert!(columns(line) <= width.max(20), "{width}: {line:?} in\n{text}");
        }
        let quoted: String = text.split_whitespace().collect();
        assert!(quoted.contains("token-expired"), "{text}");
    }
}

#[test]
fn colour_only_repeats() {
    let explanation = sample::expired();
    let coloured = render_explanation(&explanation, &Screen { width: 60, colour: true });
    assert!(coloured.contains("\u{1b}[1;31m401 token-expired"));
    let mut plain = coloured;
    for code in ["1;31", "33", "32", "1", "2", "0"] {
        plain = plain.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_eq!(plain, render_explanation(&explanation, &Screen { width: 60, colour: false }));
}

#[test]
fn hostile_text_does_nothing_to_the_terminal() {
    let text = render_explanation(&sample::hostile(), &WIDE);
    let harmful = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202e}' | '\u{200b}' | '\u{feff}');
    assert!(!text.contains(harmful), "{text:?}");
    assert!(text.contains("cause unknown (unknown)"), "{text}");
}

#[test]
fn wide_letters_are_counted() {
    assert_eq!(wrap("日本語 日本語", 7), ["日本語", "日本語"]);
    assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
    assert_eq!(wrap("", 3), [""]);
    assert_eq!(chop("日本", 3), ["日", "本"]);
}

#[test]
fn quoted_lines_break_before_words() {
    assert_eq!(fold("Bearer realm=\"api\", error=\"x\"", 20), ["Bearer realm=\"api\",", "error=\"x\""]);
    assert_eq!(fold("a  b", 20), ["a  b"]);
    assert_eq!(fold("abc defghijklmnopqrstuvw", 10), ["abc defghi", "jklmnopqrs", "tuvw"]);
    assert_eq!(fold("", 10), Vec::<String>::new());
    for width in 4..30 {
        let text = "Basic realm=\"a long name\", Bearer error=\"invalid_token\", Digest qop=\"auth,auth-int\"";
        let pieces = fold(text, width);
        assert!(pieces.iter().all(|piece| columns(piece) <= width), "{pieces:?}");
        assert_eq!(pieces.concat().replace(' ', ""), text.replace(' ', ""));
    }
}

/// What rests on the same lines is said beneath them, once.
#[test]
fn the_same_lines_are_quoted_once() {
    let mut explanation = sample::expired();
    let mut again = explanation.evidence[0].clone();
    again.text = "And so it is.".into();
    explanation.evidence.push(again);
    let text = render_explanation(&explanation, &WIDE);
    assert_eq!(text.matches("Authorization: Bearer").count(), 1, "{text}");
    assert!(text.contains("     = The token ended 3 min 12 s before the response.\n     = And so it is.\n"), "{text}");
}
