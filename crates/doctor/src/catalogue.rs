//! The whole vocabulary of causes as one type: what our gateway refuses for, and what is seen only from outside.

use countersign::{Cause, Family, ForeignCause, Owner};
use serde::{Serialize, Serializer};
use std::fmt;

/// A cause of either table of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// One that our gateway refuses for, too.
    Common(Cause),
    /// One that is seen only from outside.
    Foreign(ForeignCause),
}

impl Code {
    /// The cause with this code.
    pub fn from_code(code: &str) -> Option<Code> {
        let foreign = || ForeignCause::ALL.iter().copied().find(|cause| cause.code() == code).map(Code::Foreign);
        Cause::from_code(code).map(Code::Common).or_else(foreign)
    }

    /// The stable kebab-case code.
    pub const fn code(self) -> &'static str {
        match self {
            Code::Common(cause) => cause.code(),
            Code::Foreign(cause) => cause.code(),
        }
    }

    /// The group that people and reports sort by.
    pub const fn family(self) -> Family {
        match self {
            Code::Common(cause) => cause.family(),
            Code::Foreign(cause) => cause.family(),
        }
    }

    /// Who can usually mend it.
    pub const fn owner(self) -> Owner {
        match self {
            Code::Common(cause) => cause.owner(),
            Code::Foreign(cause) => cause.owner(),
        }
    }

    /// One sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Code::Common(cause) => cause.sentence(),
            Code::Foreign(cause) => cause.sentence(),
        }
    }
}

impl From<Cause> for Code {
    fn from(cause: Cause) -> Self {
        Code::Common(cause)
    }
}

impl From<ForeignCause> for Code {
    fn from(cause: ForeignCause) -> Self {
        Code::Foreign(cause)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
