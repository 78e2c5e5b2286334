-- The tables, indexes and triggers of version 1, with the rules that the database keeps by itself.

create table agents (                             -- the roster, with those who left
    name            text primary key,
    role            text not null default 'agent',
    joined_at       integer not null,
    seen_at         integer not null,
    left_at         integer,
    inbox_floor     integer not null,             -- every message up to this id was printed, or sent before it joined
    pane_socket     text,
    pane_server     text,                         -- pid:start_time of the tmux server; ids are reused after a restart
    pane_id         text,
    pane_pid        integer,
    check ((pane_id is null) = (pane_socket is null) and (pane_id is null) = (pane_server is null)
           and (pane_id is null) = (pane_pid is null))
) strict;

create table build_state (                        -- the one row of the build's state machine
    id               integer primary key check (id = 1),
    status           text not null check (status in ('passing', 'broken', 'fixing', 'escalated')),
    incident_id      integer not null default 0,  -- the open one, or the last one
    summary          text not null default '',
    fixer_agent_id   text,
    fence            integer not null default 0,
    budget           integer not null default 1,  -- the number of the budget of attempts
    attempts_used    integer not null default 0 check (attempts_used >= 0),
    max_attempts     integer not null default 3 check (max_attempts >= 1),
    network_failures integer not null default 0 check (network_failures >= 0),  -- of this budget
    retry_at         integer,                     -- no claim before this time: for people
    retry_mono_ms    integer,                     -- what decides
    retry_boot_id    text,
    broken_since     integer,                     -- for people; no rule looks at it
    last_check       integer,
    last_check_ok    integer check (last_check_ok in (0, 1)),
    lease_ms         integer not null default 900000,  -- how long a renewal lasts, from the grant on
    lease_expires_at integer,                     -- for people
    lease_mono_ms    integer,                     -- what decides
    lease_boot_id    text,
    changed_at       integer not null,            -- the last change of status
    changed_mono_ms  integer not null,
    changed_boot_id  text not null,
    fresh_mono_ms    integer not null,            -- last became passing or got a new budget; older checks prove nothing
    fresh_boot_id    text not null,
    check ((status = 'fixing') = (fixer_agent_id is not null)),
    check ((status = 'fixing') = (lease_mono_ms is not null)),
    check ((status = 'fixing') = (lease_boot_id is not null)),
    check ((status = 'fixing') = (lease_expires_at is not null)),
    check ((status = 'passing') = (broken_since is null)),
    check (status <> 'passing' or attempts_used = 0)
) strict;

create table incidents (                          -- red periods, from the first refused commit to green
    id          integer primary key,
    opened_at   integer not null,
    opened_by   text not null,
    summary     text not null,
    evidence    text not null,                    -- the last lines of the output that was refused
    hook        text,                             -- the git hook that refused, where a hook did
    closed_at   integer,
    closed_by   text,
    closed_how  text check (closed_how in ('fixed', 'healed', 'declared')),
    closed_why  text,
    fix_commit  text,
    first_red   text,                             -- the first red commit after the last green one, where that is known
    first_red_by text,
    check ((closed_at is null) = (closed_how is null))
) strict;
create unique index incidents_one_open on incidents ((closed_at is null)) where closed_at is null;

create table symptoms (                           -- each breakage that was reported within an incident
    incident_id integer not null references incidents (id),
    signature   text not null,
    summary     text not null,
    first_at    integer not null,
    first_by    text not null,
    times       integer not null default 1,
    primary key (incident_id, signature)
) strict, without rowid;

create table verdicts (                           -- what a refused commit meant, with its evidence
    id          integer primary key autoincrement,
    at          integer not null,
    agent       text not null,
    incident_id integer,                          -- the one it opened or joined
    verdict     text not null,
    why         text not null,
    hook        text,
    command     text,                             -- the check that decided, its exit status and the end of its output
    exit_status integer,
    output      text not null,
    head_tree   text,
    index_tree  text,
    duration_ms integer not null
) strict;

create table turns (                              -- after green: who waited and has not tried again yet
    ticket        integer primary key,
    agent         text not null unique,
    trying        integer not null default 0 check (trying in (0, 1)),
    asked_mono_ms integer not null,
    boot_id       text not null
) strict;

create table turn_window (                        -- how many may try at once
    id   integer primary key check (id = 1),
    size integer not null check (size >= 1)
) strict;

create table check_runs (                         -- the result of a check on a tree, shared by all agents
    tree           text not null,
    check_key      text not null,
    state          text not null
        check (state in ('running', 'passed', 'failed', 'flaky', 'timed_out', 'could_not_run')),
    exit_status    integer,
    output         text not null default '',
    duration_ms    integer not null default 0,
    at             integer not null,
    runner         text not null,                 -- who runs it, while it is running
    runner_mono_ms integer not null,
    runner_boot_id text not null,
    primary key (tree, check_key)
) strict, without rowid;

create table landings (                           -- commits that passed the hook through 'swarm commit'
    commit_id text primary key,
    tree      text not null,
    agent     text not null,
    at        integer not null
) strict, without rowid;

create table waits (                              -- how long agents stood in line: the cost of an incident
    id          integer primary key autoincrement,
    incident_id integer not null,
    agent       text not null,
    since       integer not null,
    until       integer not null
) strict;
create index waits_incident on waits (incident_id);

create table attempts (                           -- one try of a fixer within an incident
    id            integer primary key autoincrement,
    incident_id   integer not null references incidents (id),
    number        integer not null,
    budget        integer not null,
    agent         text not null,
    fence         integer not null unique,
    began_at      integer not null,
    ended_at      integer,
    outcome       text check (outcome in ('fixed', 'failed', 'expired', 'released')),
    error_class   text,
    reason        text not null default '',
    landed_commit text,                           -- what the fixer landed through the hook
    unique (incident_id, number),
    check ((ended_at is null) = (outcome is null))
) strict;
create unique index attempts_one_open on attempts ((ended_at is null)) where ended_at is null;

create table waiters (                            -- agents that wait for green
    ticket           integer primary key autoincrement,
    agent            text not null unique,
    incident_id      integer not null,
    since            integer not null,
    deadline         integer not null,            -- for people
    deadline_mono_ms integer not null,
    deadline_boot_id text not null
) strict;

create table escalations (                        -- questions to the human
    id          integer primary key autoincrement,
    incident_id integer references incidents (id), -- the red build that it is about
    message_id  integer,                          -- or the message without acknowledgement; may have been pruned since
    raised_at   integer not null,
    raised_by   text not null,
    reason      text not null,
    body        text not null,
    acked_at    integer,
    resolved_at integer,
    resolved_by text,
    resolution  text,
    answer      text,
    check ((incident_id is null) <> (message_id is null)),
    check (incident_id is null or resolution in ('retry', 'assign', 'take-over', 'declare-passing')),
    check (message_id is null or resolution in ('excuse', 'say-again', 'acknowledged')),
    check ((resolved_at is null) = (resolution is null))
) strict;
create unique index escalations_one_open on escalations ((resolved_at is null))
    where resolved_at is null and incident_id is not null;
create unique index escalations_one_open_of_message on escalations (message_id)
    where resolved_at is null and message_id is not null;

create table announcements (                      -- an escalation on its way to its reader, by one channel
    escalation_id integer not null references escalations (id),
    channel       text not null check (channel in ('dashboard', 'message', 'tmux', 'command')),
    place         integer not null,               -- the order in which they are tried
    state         text not null
                  check (state in ('waiting', 'trying', 'shown', 'sent', 'failed', 'retired', 'skipped')),
    reason        text not null default '',       -- why it failed last, or was skipped
    tries         integer not null default 0 check (tries >= 0),
    repeated      integer not null default 0 check (repeated in (0, 1)),  -- tried again, the first result unknown
    teller        text,                           -- who tries, or tried last
    at            integer not null,               -- of the last change
    due_mono_ms   integer not null,               -- when it may be tried; during a try, when the claim runs out
    due_boot_id   text not null,
    primary key (escalation_id, channel),
    check (state not in ('failed', 'retired', 'skipped') or reason <> ''),
    check (state <> 'trying' or teller is not null)
) strict, without rowid;

create table runs (                               -- agents started together
    id         text primary key,                  -- the value of SWARM_RUN
    started_at integer not null
) strict, without rowid;

create table phases (                             -- one attempt of one stage of a run
    number     integer primary key autoincrement, -- in the order in which they began
    id         text not null unique,              -- run/name/attempt
    run        text not null references runs (id),
    name       text not null,                     -- the value of SWARM_PHASE
    attempt    integer not null check (attempt >= 1),
    started_at integer not null,
    ended_at   integer,
    outcome    text check (outcome in ('complete', 'failed', 'aborted')),
    unique (run, name, attempt),
    check (id = run || '/' || name || '/' || attempt),
    check ((ended_at is null) = (outcome is null))
) strict;
create unique index phases_one_open on phases (run) where ended_at is null;

create table messages (                           -- what was said; never changed
    id        integer primary key autoincrement,  -- the cursor of every reader
    at        integer not null,
    sender    text not null,
    recipient text not null,                      -- an agent, a role, or 'all'
    type      text not null,
    body      text not null,
    thread    integer references messages (id),   -- the message that began it
    reply_to  integer,                            -- the one it answers; may have been pruned since
    retry_of  integer,                            -- the one that was not acknowledged, said again
    requires_ack integer not null default 0 check (requires_ack in (0, 1)),
    automatic integer not null default 0 check (automatic in (0, 1)),  -- sent by an act of the swarm; exempt from the rate limit
    phase     text references phases (id),        -- the phase that its sender worked in
    check (retry_of is null or (automatic = 1 and requires_ack = 1 and thread is not null)),
    check (reply_to is null or thread is not null)
) strict;
create index messages_sender on messages (sender, id);
create index messages_type on messages (type, id);
create index messages_thread on messages (thread, id) where thread is not null;

create table acknowledgements (                   -- one message that must be acknowledged, for one recipient
    message_id  integer not null references messages (id),  -- the one that was sent, never a retry
    agent       text not null,
    state       text not null default 'waiting' check (state in ('waiting', 'acknowledged', 'asked', 'excused')),
    retries     integer not null default 0 check (retries >= 0),
    first_wait_ms integer not null check (first_wait_ms > 0),  -- until the first retry; the later ones are longer
    due_mono_ms integer not null,                 -- when it is sent again, or the human is asked
    due_boot_id text not null,
    retried_at  integer,                          -- the last time
    at          integer not null,                 -- of the last change of state
    primary key (message_id, agent)
) strict, without rowid;
create index acknowledgements_waiting on acknowledgements (agent) where state = 'waiting';

create table pruned (                             -- messages up to this id may be missing
    id      integer primary key check (id = 1),
    through integer not null
) strict;

create table receipts (                           -- which agent read or acknowledged which message
    message_id integer not null references messages (id),
    agent      text not null,
    read_at    integer,
    acked_at   integer,
    primary key (message_id, agent)
) strict, without rowid;

create table deliveries (                         -- a message on its way into one agent's pane
    id              integer primary key autoincrement,
    message_id      integer not null references messages (id),
    agent           text not null,
    pane_socket     text,
    pane_server     text,
    pane_id         text,
    pane_pid        integer,
    state           text not null
                    check (state in ('queued', 'typed', 'submitted', 'read', 'skipped', 'failed', 'unknown')),
    reason          text
                    check (reason in ('gone', 'dead', 'replaced', 'shell', 'copy-mode', 'draft', 'dialog',
                                      'human-typing', 'input-off', 'not-reading', 'server-gone', 'no-tmux',
                                      'unknown-program', 'expired')),
    detail          text not null default '',
    token           text,                         -- of the row in typings that carries it, or carried it last
    incident_id     integer,                      -- worth typing only while this incident is open
    at              integer not null,             -- of the last change of state or reason
    queued_at       integer not null,
    typed_at        integer,
    submitted_at    integer,
    read_at         integer,
    expires_mono_ms integer not null,
    boot_id         text not null,
    unique (message_id, agent),
    check (state in ('skipped', 'failed') or pane_id is not null or state = 'read'),
    check (state not in ('skipped', 'failed', 'unknown') or reason is not null)
) strict;
create index deliveries_queued on deliveries (id) where state = 'queued';
create index deliveries_agent on deliveries (agent, state);
create index deliveries_token on deliveries (token) where token is not null;

create table typings (                            -- the line being typed into a pane; at most one for each pane
    pane_socket   text not null,
    pane_server   text not null,
    pane_id       text not null,
    pane_pid      integer not null,
    token         text not null unique,           -- the value of the pane's @swarm_last once the line was pasted
    line          text not null,
    began_mono_ms integer not null,
    boot_id       text not null,
    primary key (pane_socket, pane_server, pane_id)
) strict, without rowid;

create table couriers (                           -- the courier that types on this host; others stand by
    host          text primary key,               -- its boot id
    holder        text not null,
    since         integer not null,
    seen_at       integer not null,
    lease_mono_ms integer not null
) strict, without rowid;

create table tasks (                              -- work to share out
    id               text primary key,
    number           integer not null unique,     -- order of work: a task has a higher number than those it depends on
    title            text not null check (title <> ''),
    detail           text not null default '',
    feature          text,                        -- the feature that it belongs to
    files            text not null default '',    -- a line each
    estimate_min     integer check (estimate_min > 0),
    status           text not null default 'open'
        check (status in ('open', 'claimed', 'in_progress', 'review', 'completed', 'failed', 'cancelled')),
    claimant         text,
    former           text,                        -- its last claimant who lost it or gave it back
    fence            integer not null default 0,
    result           text not null default '',    -- the result of the work, or why it failed
    created_at       integer not null,
    created_by       text not null,
    changed_at       integer not null,
    lease_ms         integer,
    lease_expires_at integer,                     -- for people
    lease_mono_ms    integer,                     -- what decides
    lease_boot_id    text,
    check (status <> 'open' or claimant is null),
    check (status not in ('claimed', 'in_progress', 'review') or claimant is not null),
    check ((status in ('claimed', 'in_progress')) = (lease_mono_ms is not null)),
    check ((lease_mono_ms is null) = (lease_boot_id is null) and (lease_mono_ms is null) = (lease_expires_at is null))
) strict;
create index tasks_claimant on tasks (claimant, status);

create table task_deps (                          -- which task comes after which
    task_id  text not null references tasks (id),
    after_id text not null references tasks (id),
    primary key (task_id, after_id),
    check (task_id <> after_id)
) strict, without rowid;
create index task_deps_after on task_deps (after_id, task_id);

create table locks (                              -- leases on paths and globs
    path             text primary key,            -- relative to the top of any working tree
    is_folder        integer not null check (is_folder in (0, 1)),
    any_case         integer not null check (any_case in (0, 1)),
    holder           text not null,
    fence            integer not null,
    reason           text not null default '',
    since            integer not null,
    lease_ms         integer not null,
    lease_expires_at integer not null,            -- for people
    lease_mono_ms    integer not null,            -- what decides
    lease_boot_id    text not null
) strict, without rowid;
create index locks_holder on locks (holder);

create table lock_fence (                         -- the last fence that was granted; rows of locks come and go
    id    integer primary key check (id = 1),
    fence integer not null
) strict;

create table events (                             -- the audit trail; never changed
    id          integer primary key autoincrement,
    at          integer not null,
    actor       text not null,
    kind        text not null,
    incident_id integer,
    fence       integer,
    detail      text not null default ''
) strict;
create index events_kind on events (kind, id);

create trigger build_state_guard before update on build_state begin
    select raise(abort, 'the fence never goes back') where new.fence < old.fence;
    select raise(abort, 'a new holder needs a new fence') where new.status = 'fixing'
        and new.fixer_agent_id is not old.fixer_agent_id and new.fence = old.fence;
    select raise(abort, 'a holder leaves with a new fence') where old.status = 'fixing'
        and new.status <> 'fixing' and new.fence = old.fence;
    select raise(abort, 'only a new budget ends an escalation') where old.status = 'escalated'
        and new.status <> 'escalated' and new.budget = old.budget;
    select raise(abort, 'passing breaks by an incident of its own') where old.status = 'passing'
        and new.status <> 'passing' and new.incident_id <= old.incident_id;
end;
create trigger build_state_stays before delete on build_state begin
    select raise(abort, 'there is exactly one build');
end;
create trigger tasks_guard before update on tasks begin
    select raise(abort, 'the fence never goes back') where new.fence < old.fence;
    select raise(abort, 'a new claimant needs a new fence') where new.claimant is not null
        and new.claimant is not old.claimant and new.fence = old.fence;
    select raise(abort, 'a claimant leaves with a new fence') where old.claimant is not null
        and new.claimant is null and new.fence = old.fence;
    select raise(abort, 'a task keeps its id and its place') where new.id <> old.id or new.number <> old.number;
end;
create trigger task_deps_point_back before insert on task_deps begin
    select raise(abort, 'a task comes after those that it waits for, so that they never wait in a circle')
        where (select number from tasks where id = new.after_id) >= (select number from tasks where id = new.task_id);
end;
create trigger task_deps_stay before update on task_deps begin
    select raise(abort, 'dependencies are never moved');
end;
create trigger locks_guard before update on locks begin
    select raise(abort, 'the fence never goes back') where new.fence < old.fence;
    select raise(abort, 'a new holder needs a new fence') where new.holder <> old.holder and new.fence = old.fence;
end;
create trigger lock_fence_grows before update on lock_fence begin
    select raise(abort, 'the fence never goes back') where new.fence <= old.fence;
end;
create trigger lock_fence_stays before delete on lock_fence begin
    select raise(abort, 'there is exactly one last fence');
end;
create trigger events_append_only_update before update on events begin
    select raise(abort, 'events are append-only');
end;
create trigger events_append_only_delete before delete on events begin
    select raise(abort, 'events are append-only');
end;
create trigger messages_keep_their_text before update on messages begin
    select raise(abort, 'messages are append-only');
end;
