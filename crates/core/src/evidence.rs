//! Evidence: what was expected and what was presented, as small values that fit a sealed reference.
//!
//! Never a secret: a value that could be one is present as its length or as a keyed hash.

use minicbor::{Decode, Encode};
use serde::{Serialize, Serializer};

/// The longest text that evidence keeps of a value that somebody sent, in characters.
pub const TEXT_LIMIT: usize = 64;

macro_rules! subjects {
    ($($number:literal $name:ident $code:literal;)+) => {
        /// What a piece of evidence is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
        #[cbor(index_only)]
        #[expect(missing_docs, reason = "the names are the documentation")]
        pub enum Subject { $(#[n($number)] $name,)+ }

        impl Subject {
            /// The name that reports use.
            pub const fn code(self) -> &'static str {
                match self { $(Subject::$name => $code,)+ }
            }
        }
    };
}

subjects! {
    0 Scheme "scheme";
    1 AccountName "account name";
    2 Account "account";
    3 AccountState "account state";
    4 Password "password";
    5 ApiKey "API key";
    6 Expiry "expiry";
    7 NotBefore "not before";
    8 IssuedAt "issued at";
    9 Issuer "issuer";
    10 Audience "audience";
    11 Algorithm "algorithm";
    12 KeyId "key id";
    13 TokenType "token type";
    14 Form "form";
    15 Session "session";
    16 LastSeen "last use";
    17 Scopes "scopes";
    18 Roles "roles";
    19 AuthenticationContext "acr";
    20 AuthenticationTime "authentication time";
    21 Origin "origin";
    22 Header "header";
    23 Host "host";
    24 Target "target";
    25 Attempts "attempts";
    26 Upstream "upstream";
    27 Length "length";
    28 Revoked "revoked";
    29 Token "token";
    30 Subject "subject";
    31 Place "place";
    32 Environment "environment";
    33 Realm "realm";
    34 NonceCount "nonce count";
    35 DigestSecret "digest secret";
    40 Method "method";
    41 Thumbprint "thumbprint";
    42 Certificate "client certificate";
    50 Provider "provider";
    51 Nonce "nonce";
    52 Error "error";
    54 Begun "begun";
    60 Recipient "recipient";
    61 Status "status";
    62 RequestId "request id";
    63 Assertion "assertion";
    70 Client "client";
}

/// A value in evidence.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Value {
    /// Text that is not secret, cut to [`TEXT_LIMIT`].
    #[n(0)]
    Text(#[n(0)] String),
    /// Several texts.
    #[n(1)]
    Texts(#[n(0)] Vec<String>),
    /// Seconds since the epoch.
    #[n(2)]
    Time(#[n(0)] i64),
    /// A count or length.
    #[n(3)]
    Number(#[n(0)] i64),
    /// A keyed hash, the same for the same value within one installation.
    #[n(4)]
    Fingerprint(#[cbor(n(0), with = "minicbor::bytes")] [u8; 8]),
}

impl Value {
    /// Text, cut and with control characters replaced.
    pub fn text(text: &str) -> Self {
        Self::Text(clean(text))
    }

    /// Several texts, at most four of them.
    pub fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Texts(texts.into_iter().take(4).map(clean).collect())
    }
}

fn clean(text: &str) -> String {
    let cut = |c: char| if c.is_control() || is_bidi(c) { '\u{fffd}' } else { c };
    text.chars().take(TEXT_LIMIT).map(cut).collect()
}

/// Characters that reorder what a terminal shows.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Texts(texts) => texts.serialize(serializer),
            Self::Time(number) | Self::Number(number) => serializer.serialize_i64(*number),
            Self::Fingerprint(bytes) => serializer.serialize_str(&hex(bytes)),
        }
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
        text
    })
}

/// One thing that was expected, presented, or both.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Item {
    /// What it is about.
    #[n(0)]
    pub about: Subject,
    /// What would have been right.
    #[n(1)]
    pub expected: Option<Value>,
    /// What there was.
    #[n(2)]
    pub presented: Option<Value>,
}

/// The evidence of one refusal, the most telling first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Evidence(#[n(0)] Vec<Item>);

impl Evidence {
    /// None.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Adds something that was expected and what was there instead.
    #[must_use]
    pub fn differs(mut self, about: Subject, expected: Value, presented: Value) -> Self {
        self.0.push(Item { about, expected: Some(expected), presented: Some(presented) });
        self
    }

    /// Adds something that was there.
    #[must_use]
    pub fn presented(mut self, about: Subject, value: Value) -> Self {
        self.0.push(Item { about, expected: None, presented: Some(value) });
        self
    }

    /// Adds something that was expected and not there.
    #[must_use]
    pub fn expected(mut self, about: Subject, value: Value) -> Self {
        self.0.push(Item { about, expected: Some(value), presented: None });
        self
    }

    /// Adds an item.
    #[must_use]
    pub(crate) fn and(mut self, item: Item) -> Self {
        self.0.push(item);
        self
    }

    /// The items, the most telling first.
    pub fn items(&self) -> &[Item] {
        &self.0
    }

    /// Drops the least telling item; false if there is none.
    pub fn shorten(&mut self) -> bool {
        self.0.pop().is_some()
    }
}
