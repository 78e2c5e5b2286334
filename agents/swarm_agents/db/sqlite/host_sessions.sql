-- What version 6 adds: sessions of coding agents, as their own hooks tell of them.

create table host_sessions (                      -- one session of a coding agent's program
    host          text not null,                  -- as in `swarm hook HOST`
    session       text not null,                  -- the host's own id
    agent         text not null,
    began_at      integer not null,
    seen_at       integer not null,               -- its last event that was written down
    ended_at      integer,
    state         text not null check (state in ('working', 'permission', 'idle', 'failed')),
    state_source  text not null,                  -- the host's own word for the event that said so
    state_detail  text not null default '',
    state_at      integer not null,
    told_through  integer not null default 0,     -- messages up to this id were told, or are older than the session
    held_incident integer,                        -- a commit of it was held because of this red build
    pushed_incident integer,                      -- its turn was made to go on because of this one,
    pushes        integer not null default 0,     -- so many times
    primary key (host, session)
) strict, without rowid;
create index host_sessions_agent on host_sessions (agent);

create view v_host_sessions as                    -- Sessions of coding agents, as their hooks tell of them.
select host,
       session,                                   -- the host's own id
       agent,
       iso(began_at) as began_at,
       iso(ended_at) as ended_at,                 -- null while it runs
       state,                                     -- working, permission, idle or failed
       state_source,                              -- the host's own word for the event that said so
       state_detail,
       iso(state_at) as state_at
from host_sessions;
