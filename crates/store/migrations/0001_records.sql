CREATE TABLE account (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    name             TEXT    NOT NULL UNIQUE,
    password         TEXT,
    roles            TEXT    NOT NULL,
    scopes           TEXT    NOT NULL,
    state            TEXT    NOT NULL CHECK (state IN ('active', 'locked', 'disabled')),
    state_since      INTEGER NOT NULL,
    password_expires INTEGER,
    created          INTEGER NOT NULL
) STRICT;

CREATE TABLE api_key (
    id        TEXT    PRIMARY KEY NOT NULL,
    hash      BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    account   INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    scopes    TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    expires   INTEGER,
    revoked   INTEGER,
    last_used INTEGER
) STRICT;
CREATE INDEX api_key_account ON api_key (account);

CREATE TABLE session (
    id        TEXT    PRIMARY KEY NOT NULL,
    hash      BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    account   INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created   INTEGER NOT NULL,
    expires   INTEGER NOT NULL,
    idle      INTEGER NOT NULL,
    revoked   INTEGER,
    last_seen INTEGER NOT NULL
) STRICT;
CREATE INDEX session_account ON session (account);

CREATE TABLE audit (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    at   INTEGER NOT NULL,
    who  TEXT    NOT NULL,
    what TEXT    NOT NULL,
    whom TEXT    NOT NULL
) STRICT;

-- One row. Its value grows whenever something may have been withdrawn, so that whoever remembers records forgets them.
CREATE TABLE epoch (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    value INTEGER NOT NULL
) STRICT;
INSERT INTO epoch (one, value) VALUES (1, 1);
