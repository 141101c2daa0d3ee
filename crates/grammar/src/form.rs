//! Which values must be quoted and which must not. Not the quoting itself: see `reader` and `write`.

use crate::fault::FaultKind;

/// The field in which a parameter stands; some names follow other rules in other fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Challenge,
    Credentials,
    Info,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A sender must not quote it.
    Token,
    /// A sender must quote it.
    Quoted,
    /// Both can be read; written as a bare token, as in the RFC's own examples.
    Bare,
    /// Both can be read; written in quotes, but holds neither quotes nor backslashes (RFC 6750 section 3).
    Plain,
    /// Both can be read; written in quotes.
    Free,
}

impl Form {
    /// The rule for a parameter; an unknown one is [`Form::Free`].
    pub(crate) fn of(place: Place, scheme: &str, name: &str) -> Self {
        RULES
            .iter()
            .find(|(there, its_scheme, its_name, _)| {
                *there == place && its_name.eq_ignore_ascii_case(name) && (*its_scheme == ANY || its_scheme.eq_ignore_ascii_case(scheme))
            })
            .map_or(Self::Free, |(.., form)| *form)
    }

    /// The fault of writing a value in this form with quotes, or without.
    pub(crate) fn fault(self, name: &str, quoted: bool) -> Option<FaultKind> {
        match (self, quoted) {
            (Self::Quoted, false) if name.eq_ignore_ascii_case("realm") => Some(FaultKind::UnquotedRealm),
            (Self::Quoted, false) => Some(FaultKind::UnquotedParameter),
            (Self::Token, true) => Some(FaultKind::QuotedToken),
            _ => None,
        }
    }
}

const ANY: &str = "";

#[rustfmt::skip]
const RULES: [(Place, &str, &str, Form); 32] = [
    // RFC 9110 section 11.5
    (Place::Challenge,   ANY,      "realm",             Form::Quoted),
    (Place::Credentials, ANY,      "realm",             Form::Quoted),
    // RFC 7616 section 3.3
    (Place::Challenge,   "Digest", "domain",            Form::Quoted),
    (Place::Challenge,   "Digest", "nonce",             Form::Quoted),
    (Place::Challenge,   "Digest", "opaque",            Form::Quoted),
    (Place::Challenge,   "Digest", "qop",               Form::Quoted),
    (Place::Challenge,   "Digest", "stale",             Form::Token),
    (Place::Challenge,   "Digest", "algorithm",         Form::Token),
    (Place::Challenge,   "Digest", "charset",           Form::Bare),
    (Place::Challenge,   "Digest", "userhash",          Form::Bare),
    // RFC 7616 section 3.4
    (Place::Credentials, "Digest", "username",          Form::Quoted),
    (Place::Credentials, "Digest", "nonce",             Form::Quoted),
    (Place::Credentials, "Digest", "uri",               Form::Quoted),
    (Place::Credentials, "Digest", "response",          Form::Quoted),
    (Place::Credentials, "Digest", "cnonce",            Form::Quoted),
    (Place::Credentials, "Digest", "opaque",            Form::Quoted),
    (Place::Credentials, "Digest", "algorithm",         Form::Token),
    (Place::Credentials, "Digest", "qop",               Form::Token),
    (Place::Credentials, "Digest", "nc",                Form::Token),
    // RFC 7616 section 3.5
    (Place::Info,        ANY,      "nextnonce",         Form::Quoted),
    (Place::Info,        ANY,      "rspauth",           Form::Quoted),
    (Place::Info,        ANY,      "cnonce",            Form::Quoted),
    (Place::Info,        ANY,      "qop",               Form::Token),
    (Place::Info,        ANY,      "nc",                Form::Token),
    // RFC 6750 section 3, taken over by RFC 9449 section 7.1
    (Place::Challenge,   "Bearer", "scope",             Form::Plain),
    (Place::Challenge,   "Bearer", "error",             Form::Plain),
    (Place::Challenge,   "Bearer", "error_description", Form::Plain),
    (Place::Challenge,   "Bearer", "error_uri",         Form::Plain),
    (Place::Challenge,   "DPoP",   "scope",             Form::Plain),
    (Place::Challenge,   "DPoP",   "error",             Form::Plain),
    (Place::Challenge,   "DPoP",   "error_description", Form::Plain),
    (Place::Challenge,   "DPoP",   "error_uri",         Form::Plain),
];
