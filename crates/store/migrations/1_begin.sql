create table account (
    id integer primary key autoincrement,
    name text not null unique,
    password text,
    roles text not null,
    scopes text not null,
    state text not null check (state in ('active', 'locked', 'disabled')),
    state_since integer not null,
    password_expires integer
) strict;

create table api_key (
    id text primary key,
    hash blob not null unique,
    account integer not null references account (id) on delete cascade,
    scopes text not null,
    created integer not null,
    expires integer,
    revoked integer,
    used integer
) strict;

create table session (
    id text primary key,
    hash blob not null unique,
    account integer not null references account (id) on delete cascade,
    created integer not null,
    expires integer not null,
    idle integer not null,
    seen integer not null,
    revoked integer
) strict;
create index session_account on session (account);
create index session_expires on session (expires);

create table audit (
    id integer primary key autoincrement,
    at integer not null,
    who text not null,
    what text not null,
    whom text not null
) strict;

create table epoch (one integer primary key check (one = 1), value integer not null) strict;
insert into epoch values (1, 1);
