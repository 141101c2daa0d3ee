//! People whom a provider vouches for: accounts without a password, found by provider and subject, made or updated at each
//! login; and what their sessions need of the provider. What is sealed in there is the gateway's matter.

use super::Store;
use super::row::{self, account_columns};
use crate::error::StoreError;
use countersign::{Account, AccountName, SecretHash, Timestamp, hex};
use sqlx::{SqliteTransaction, query, query_scalar};

/// A person as a provider has just described them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The operator's name for the provider.
    pub provider: String,
    /// The provider's name for the person, which is never given to another.
    pub subject: String,
    /// The name that the account shall have. If another account has it, a mark made of provider and subject is added, so
    /// that nobody becomes somebody else by being called so.
    pub name: AccountName,
    /// What people call them.
    pub display_name: Option<String>,
    /// An e-mail address that the provider has verified.
    pub email: Option<String>,
    /// Roles, as rules name them.
    pub roles: Vec<String>,
    /// Scopes, as rules name them.
    pub scopes: Vec<String>,
}

impl Store {
    /// The person's account, made if there is none and brought up to date if it differs. Its state is not touched: who is
    /// locked or disabled stays so.
    ///
    /// # Errors
    /// [`StoreError::AccountName`] if the name cannot be one.
    pub async fn sign_in_person(&self, person: &Person, now: Timestamp) -> Result<Account, StoreError> {
        const FIND: &str = concat!("SELECT ", account_columns!(), " FROM account a WHERE a.provider = ?1 AND a.subject = ?2");
        const ADD: &str = "INSERT INTO account (name, roles, scopes, state, state_since, created, provider, subject)
                           VALUES (?1, '[]', '[]', 'active', ?2, ?2, ?3, ?4)";
        const SET: &str = "UPDATE account SET name = ?2, roles = ?3, scopes = ?4, display_name = ?5, email = ?6 WHERE id = ?1";
        let mut change = self.change().await?;
        let find = || query(FIND).bind(&person.provider).bind(&person.subject);
        let found = find().fetch_optional(&mut *change).await?.as_ref().map(row::account).transpose()?;
        let name = free_name(&mut change, person, found.as_ref().map(|account| account.id)).await?;
        let id = match &found {
            Some(account) if up_to_date(account, &name, person) => return Ok(account.clone()),
            Some(account) => account.id,
            None => {
                let add = query(ADD).bind(name.as_str()).bind(now).bind(&person.provider).bind(&person.subject);
                add.execute(&mut *change).await?.last_insert_rowid()
            }
        };
        let set = query(SET).bind(id).bind(name.as_str()).bind(row::texts_json(&person.roles)).bind(row::texts_json(&person.scopes));
        set.bind(&person.display_name).bind(&person.email).execute(&mut *change).await?;
        let account = row::account(&find().fetch_one(&mut *change).await?)?;
        match found {
            Some(_) => self.changed(change, "account updated by its provider", name.as_str(), now).await?,
            None => self.added(change, "account added by its provider", name.as_str(), now).await?,
        }
        Ok(account)
    }

    /// Keeps with a session, found by the hash of its cookie, what its provider gave to go on with, sealed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn keep_sealed(&self, hash: &SecretHash, sealed: &[u8]) -> Result<(), StoreError> {
        let keep = query("UPDATE session SET sealed = ?2 WHERE hash = ?1").bind(hash.0.as_slice()).bind(sealed);
        keep.execute(&self.writer).await?;
        Ok(())
    }

    /// What was kept with a session, if anything was.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn sealed(&self, hash: &SecretHash) -> Result<Option<Vec<u8>>, StoreError> {
        let sealed = query_scalar("SELECT sealed FROM session WHERE hash = ?1").bind(hash.0.as_slice());
        Ok(sealed.fetch_optional(&self.readers).await?.flatten())
    }

    /// Takes the right to renew a session until `until`, for one of all who try, in whichever process; tells what was
    /// kept with it. None if another has that right, or nothing is due.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lease_renewal(&self, hash: &SecretHash, until: Timestamp, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        const SQL: &str = "UPDATE session SET renewing_until = ?2
                           WHERE hash = ?1 AND revoked IS NULL AND renew_at <= ?3 AND coalesce(renewing_until, 0) <= ?3
                           RETURNING sealed";
        let lease = query_scalar::<_, Option<Vec<u8>>>(SQL).bind(hash.0.as_slice()).bind(until).bind(now);
        Ok(lease.fetch_optional(&self.writer).await?.flatten())
    }

    /// Ends a renewal: what is kept from now on, if anything new came, and when the next one is due. It does not move the
    /// epoch, for a remembered session is not untrue but for this date.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn renewed(&self, hash: &SecretHash, sealed: Option<&[u8]>, renew_at: Option<Timestamp>) -> Result<(), StoreError> {
        const SQL: &str =
            "UPDATE session SET sealed = coalesce(?2, sealed), renew_at = ?3, renewing_until = NULL WHERE hash = ?1 AND revoked IS NULL";
        query(SQL).bind(hash.0.as_slice()).bind(sealed).bind(renew_at).execute(&self.writer).await?;
        Ok(())
    }

    /// Ends the sessions that a provider names: by its own session (`sid`), by the person, or by both; tells how
    /// many there were.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn end_sessions_at(
        &self,
        provider: &str,
        sid: Option<&str>,
        subject: Option<&str>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        const SQL: &str = "UPDATE session SET revoked = ?4 WHERE revoked IS NULL AND expires > ?4 AND provider = ?1
                           AND (?2 IS NULL OR sid = ?2)
                           AND (?3 IS NULL OR account IN (SELECT id FROM account WHERE provider = ?1 AND subject = ?3))
                           AND (?2 IS NOT NULL OR ?3 IS NOT NULL)";
        let mut change = self.change().await?;
        let end = query(SQL).bind(provider).bind(sid).bind(subject).bind(now);
        let ended = end.execute(&mut *change).await?.rows_affected();
        if ended > 0 {
            self.changed(change, "sessions ended by provider", provider, now).await?;
        }
        Ok(ended)
    }
}

/// The name that the person's account gets: the one wanted, or that with a mark if somebody else has it.
async fn free_name(change: &mut SqliteTransaction<'static>, person: &Person, own: Option<i64>) -> Result<AccountName, StoreError> {
    let wanted = person.name.as_str();
    if wanted.is_empty() || wanted.chars().any(|c| c == ':' || c.is_control()) {
        return Err(StoreError::AccountName(wanted.to_owned()));
    }
    let holder: Option<i64> = query_scalar("SELECT id FROM account WHERE name = ?1").bind(wanted).fetch_optional(&mut **change).await?;
    if holder.is_none() || holder == own {
        return Ok(person.name.clone());
    }
    let SecretHash(mark) = SecretHash::of(&format!("{}\n{}", person.provider, person.subject));
    Ok(AccountName::new(&format!("{wanted}~{}", hex(mark.first_chunk::<6>().unwrap_or(&[0; 6])))))
}

fn up_to_date(account: &Account, name: &AccountName, person: &Person) -> bool {
    let known = account.federated.as_deref();
    account.name == *name
        && account.roles == person.roles
        && account.scopes == person.scopes
        && known.is_some_and(|known| known.display_name == person.display_name && known.email == person.email)
}
