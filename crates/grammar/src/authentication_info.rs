//! `Authentication-Info` and `Proxy-Authentication-Info` (RFC 9110 section 11.6.3, RFC 7615): parameters that a server
//! adds to an answer after it has accepted credentials. Not whether `rspauth` is right.

use std::borrow::Cow;
use std::fmt;

use crate::fault::{FaultKind, Parsed};
use crate::form::{Form, Place};
use crate::param::{Param, first};
use crate::reader::Reader;
use crate::write::{set, token, write_params};

/// The parameters of the field. They name no scheme; it is the one of the request's credentials.
///
/// Values are mended and written as in a [`Challenge`](crate::Challenge): in quotes, except Digest's `qop` and `nc`
/// (RFC 7616 section 3.5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthenticationInfo<'a> {
    params: Vec<Param<'a>>,
}

impl<'a> AuthenticationInfo<'a> {
    /// Without parameters yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter, or replaces the one of that name.
    ///
    /// ```
    /// use countersign_grammar::AuthenticationInfo;
    ///
    /// let info = AuthenticationInfo::new().param("nextnonce", "f84f1cec").param("qop", "auth").param("nc", "00000001");
    /// assert_eq!(info.to_string(), r#"nextnonce="f84f1cec", qop=auth, nc=00000001"#);
    /// ```
    #[must_use]
    pub fn param(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        let name = token(name.into());
        let form = form(&name);
        set(&mut self.params, name, value.into(), form);
        self
    }

    /// The value of the first parameter of this name, without quotes and escapes.
    pub fn value(&self, name: &str) -> Option<&str> {
        first(&self.params, name)
    }

    /// All parameters in their order, duplicates included.
    pub fn params(&self) -> &[Param<'a>] {
        &self.params
    }
}

impl fmt::Display for AuthenticationInfo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_params(f, "", &self.params, form)
    }
}

/// Reads one field value. An empty one has the fault `empty-field`.
pub fn parse_authentication_info(text: &str) -> Parsed<AuthenticationInfo<'_>> {
    let mut reader = Reader::new(text, 0);
    let params = reader.params(Place::Info, "");
    if params.is_empty() && reader.faults.is_empty() {
        reader.fault(FaultKind::EmptyField, 0..text.len());
    }
    Parsed::new(AuthenticationInfo { params }, reader.faults)
}

fn form(name: &str) -> Form {
    Form::of(Place::Info, "", name)
}
