//! Explanations for the tests of every form: one that has all parts, and one whose parts are hostile.

use crate::clue::{Fix, Quote, Side};
use crate::diagnosis::Confidence;
use crate::explanation::{Alternative, Evidence, Explanation, NextStep, SCHEMA, Verdict};
use countersign::{Cause, Family, ForeignCause};

/// One that has all parts.
pub(crate) fn expired() -> Explanation {
    let quote = |place: &str, line, text: &str| Quote { place: place.into(), exchange: 1, line, text: text.into() };
    Explanation {
        schema: SCHEMA,
        request: Some("GET https://api.example.com/orders".into()),
        status: Some(401),
        verdict: Verdict {
            cause: Some(Cause::TokenExpired.into()),
            family: Family::ExpiredToken,
            confidence: Confidence::Certain,
            sentence: Cause::TokenExpired.sentence().into(),
            product: Some("Example Server 2".into()),
            contradiction: Some("The server says `invalid_client`; the token's dates are believed.".into()),
        },
        evidence: vec![Evidence {
            finding: "token-lifetime",
            text: "The token ended 3 min 12 s before the response.".into(),
            quotes: vec![
                quote("request header Authorization", 5, "Bearer eyJhbGci… (812 characters)"),
                quote("response header Date", 12, "Tue, 14 Nov 2023 22:13:20 GMT"),
            ],
        }],
        alternatives: vec![Alternative {
            cause: ForeignCause::ClockSkew.into(),
            family: Family::ClockSkew,
            because: "The clocks are 3 min apart.".into(),
            ruled_out_by: "a Date that agrees",
        }],
        next_step: Some(NextStep { text: "Compare the clocks.".into(), command: Some("date -u".into()) }),
        fix: vec![Fix {
            side: Side::Caller,
            text: "Renew the token".into(),
            lines: vec!["curl -d grant_type=refresh_token https://login.example.com/token".into()],
        }],
        retry: "Once, with fresh credentials.",
        not_seen: vec!["the token's signature was not checked".into()],
    }
}

/// One with hostile text wherever text of others can come in.
pub(crate) fn hostile() -> Explanation {
    let text = || {
        "</code></pre><script>alert(1)</script> \u{1b}]0;owned\u{7} \u{202e}gnp\u{200b} ``` ~~~ [x](javascript:1) ![](http://evil.example/p) \
         @everyone\r\n# head\n<img src=x onerror=alert(1)> \u{feff}&lt; \"'"
            .to_owned()
    };
    let mut explanation = expired();
    explanation.request = Some(text());
    explanation.verdict.cause = None;
    explanation.verdict.family = Family::Unknown;
    explanation.verdict.confidence = Confidence::Unknown;
    explanation.status = None;
    explanation.verdict.sentence = text();
    explanation.verdict.product = Some(text());
    explanation.verdict.contradiction = Some(text());
    for evidence in &mut explanation.evidence {
        evidence.text = text();
        for quote in &mut evidence.quotes {
            quote.place = format!("request header {}", text());
            quote.text = text();
            quote.exchange = 2;
        }
    }
    for other in &mut explanation.alternatives {
        other.because = text();
    }
    explanation.next_step = Some(NextStep { text: text(), command: Some(text()) });
    for fix in &mut explanation.fix {
        fix.text = text();
        fix.lines = vec![text()];
    }
    explanation.not_seen = vec![text()];
    explanation
}
