//! What a message's signatures come to, for those who explain other people's refusals. Nobody is signed in by it.

use crate::keys::TrustedKey;
use crate::names::{DS, SAML};
use crate::signature::{self, SignatureFault};
use crate::xml::{MESSAGE_LIMIT, Malformed, Node, Tree};
use thiserror::Error;

/// Why a signature does not hold under the keys that were given.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SignatureProblem {
    /// The message cannot be read; in words.
    #[error("{0}")]
    Unreadable(String),
    /// It has another form than SAML's; in words.
    #[error("{0}")]
    Form(String),
    /// It is made by an algorithm that is not accepted here.
    #[error("the algorithm {0} is not accepted")]
    Algorithm(String),
    /// None of the keys made it.
    #[error("none of the keys made it")]
    Key,
    /// A key made it, over something else than what stands there.
    #[error("the content is not what was signed")]
    Content,
}

/// Verifies the signatures of a message and of the assertion in it, and tells how many hold.
///
/// # Errors
/// The first [`SignatureProblem`], the message's own before its assertion's.
pub fn check_signatures(xml: &str, keys: &[TrustedKey]) -> Result<usize, SignatureProblem> {
    let tree = Tree::parse(xml, MESSAGE_LIMIT)?;
    let root = tree.root()?;
    let signed = |node: &Node<'_>| node.all(DS, "Signature").next().is_some();
    let mut held = 0;
    for node in std::iter::once(root).chain(root.all(SAML, "Assertion")).filter(signed) {
        signature::verify(node, keys)?;
        held += 1;
    }
    Ok(held)
}

impl From<Malformed> for SignatureProblem {
    fn from(fault: Malformed) -> Self {
        Self::Unreadable(fault.to_string())
    }
}

impl From<SignatureFault> for SignatureProblem {
    fn from(fault: SignatureFault) -> Self {
        match fault {
            SignatureFault::Algorithm(name) => Self::Algorithm(name),
            SignatureFault::Key => Self::Key,
            SignatureFault::Digest => Self::Content,
            SignatureFault::Missing | SignatureFault::Form(_) => Self::Form(fault.to_string()),
        }
    }
}
