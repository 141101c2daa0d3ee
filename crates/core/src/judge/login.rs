//! A person whom a provider has authenticated, and who is about to get a session. What the provider said was checked
//! before; here the account has its say.

use super::basic;
use crate::evidence::{Evidence, Subject, Value};
use crate::identity::{Identity, Source};
use crate::record::Account;
use crate::verdict::Refusal;
use std::sync::Arc;

/// May the account be used? A locked or disabled one is refused at this door as at every other.
///
/// # Errors
/// `account-locked` or `account-disabled`.
pub fn judge_login(account: Arc<Account>) -> Result<Identity, Refusal> {
    if let Err(cause) = basic::usable(&account) {
        let evidence = Evidence::none().presented(Subject::Account, Value::Number(account.id));
        return Err(Refusal::new(cause, evidence.presented(Subject::AccountState, Value::Time(account.state_since))));
    }
    Ok(Identity(Source::Login(account)))
}
