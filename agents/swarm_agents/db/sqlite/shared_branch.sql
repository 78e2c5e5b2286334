-- What version 3 adds: the tip of the shared branch, and the commit that the last check ran on.

alter table build_state add column last_check_commit text;

create table shared_branch (                      -- the tip of the branch that all agents share, as a background loop saw it last
    id        integer primary key check (id = 1),
    name      text not null,                      -- for people
    commit_id text not null,
    tree      text not null,
    author    text not null,
    subject   text not null,
    seen_at   integer not null                    -- when it was first seen there
) strict;
