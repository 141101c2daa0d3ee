-- HA1 of Digest (RFC 7616 section 3.4.2): as good as the password within its realm, so kept apart from it, and only for the
-- realms and algorithms below.
CREATE TABLE digest_secret (
    account   INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    realm     TEXT    NOT NULL,
    algorithm TEXT    NOT NULL CHECK (algorithm IN ('MD5', 'SHA-256', 'SHA-512-256')),
    ha1       TEXT    NOT NULL,
    userhash  TEXT    NOT NULL,
    PRIMARY KEY (account, realm, algorithm)
) STRICT;
CREATE INDEX digest_secret_userhash ON digest_secret (userhash);

-- For what a new password leaves such secrets: what the configuration asks for.
CREATE TABLE digest_space (
    realm     TEXT NOT NULL,
    algorithm TEXT NOT NULL CHECK (algorithm IN ('MD5', 'SHA-256', 'SHA-512-256')),
    PRIMARY KEY (realm, algorithm)
) STRICT;
