//! From what was found wrong to a refusal: cause and evidence.

use crate::keys::TrustedKey;
use crate::signature::SignatureFault;
use crate::xml::Malformed;
use countersign::{Cause, Evidence, Refusal, Subject, Value};

impl From<Malformed> for Refusal {
    fn from(fault: Malformed) -> Self {
        malformed(&fault.to_string())
    }
}

/// The message cannot be read as what it should be.
pub(crate) fn malformed(why: &str) -> Refusal {
    Refusal::new(Cause::AssertionMalformed, Evidence::none().presented(Subject::Form, Value::text(why)))
}

/// Something else was expected.
pub(crate) fn differs(cause: Cause, about: Subject, expected: &str, presented: Option<&str>) -> Refusal {
    let evidence = match presented {
        Some(presented) => Evidence::none().differs(about, Value::text(expected), Value::text(presented)),
        None => Evidence::none().expected(about, Value::text(expected)),
    };
    Refusal::new(cause, evidence)
}

/// The signature does not count.
pub(crate) fn unsigned(fault: &SignatureFault, keys: &[TrustedKey]) -> Refusal {
    Refusal::new(Cause::AssertionSignatureWrong, fault.evidence(keys))
}
