//! One named value of a challenge, of credentials or of Authentication-Info. Not a list: each field has its own.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// How many parameters one challenge, one set of credentials or one Authentication-Info can hold; no scheme has more
/// than fourteen. The limit keeps the search for duplicates linear in the length of the text.
pub const PARAM_LIMIT: usize = 64;

/// An auth-param (RFC 9110 section 11.2): a name and its value without quotes and escapes.
///
/// Two are equal when their names are, ignoring case, and their values exactly; where they stood does not matter.
/// `Debug` shows the length of the value only, as it can be part of credentials.
#[derive(Clone)]
pub struct Param<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) value: Cow<'a, str>,
    pub(crate) span: Range<usize>,
}

impl<'a> Param<'a> {
    /// The name as it was written. Compare with [`Param::is`].
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, without quotes and escapes.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Where the name and the value stand in the text; `0..0` for a parameter that was not read from one.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Whether the parameter has this name, ignoring case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    pub(crate) fn into_owned(self) -> Param<'static> {
        Param { name: Cow::Owned(self.name.into_owned()), value: Cow::Owned(self.value.into_owned()), span: self.span }
    }
}

impl PartialEq for Param<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.is(&other.name) && self.value == other.value
    }
}

impl Eq for Param<'_> {}

impl fmt::Debug for Param<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=({} bytes)", self.name, self.value.len())
    }
}

/// The value of the first parameter of this name: with duplicates, the one that most readers take.
pub(crate) fn first<'p>(params: &'p [Param<'_>], name: &str) -> Option<&'p str> {
    params.iter().find(|param| param.is(name)).map(Param::value)
}
