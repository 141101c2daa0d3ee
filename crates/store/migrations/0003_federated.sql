-- Whom a provider vouches for: provider and subject name the person for good.
ALTER TABLE account ADD COLUMN provider TEXT;
ALTER TABLE account ADD COLUMN subject TEXT;
ALTER TABLE account ADD COLUMN display_name TEXT;
ALTER TABLE account ADD COLUMN email TEXT;
CREATE UNIQUE INDEX account_federated ON account (provider, subject) WHERE provider IS NOT NULL;

-- What the provider said of the login, and, sealed, what it gave to go on with.
ALTER TABLE session ADD COLUMN provider TEXT;
ALTER TABLE session ADD COLUMN sid TEXT;
ALTER TABLE session ADD COLUMN acr TEXT;
ALTER TABLE session ADD COLUMN auth_time INTEGER;
ALTER TABLE session ADD COLUMN renew_at INTEGER;
ALTER TABLE session ADD COLUMN renewing_until INTEGER;
ALTER TABLE session ADD COLUMN sealed BLOB;
CREATE INDEX session_sid ON session (provider, sid) WHERE sid IS NOT NULL;
