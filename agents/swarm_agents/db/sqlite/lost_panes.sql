-- What version 4 adds: that an agent's pane was seen to be gone, which a new join of the agent forgets.

alter table agents add column pane_lost text check (pane_lost in ('gone', 'replaced', 'dead', 'server-gone', 'ended'));
alter table agents add column pane_lost_at integer;

drop view v_agents;
create view v_agents as                           -- The roster, with those who left.
select name,
       role,
       iso(joined_at) as joined_at,
       iso(seen_at) as seen_at,                   -- the last command of the agent
       iso(left_at) as left_at,                   -- null while it is here
       pane_id as pane,                           -- its tmux pane
       pane_socket,                               -- the socket of that tmux server
       pane_pid,                                  -- the process that the pane started with
       case when pane_lost not in ('server-gone', 'ended') or seen_at <= pane_lost_at
           then pane_lost end as pane_lost,       -- gone, replaced, dead, server-gone or ended; null while it is there
       iso(pane_lost_at) as pane_lost_at          -- when that was first seen
from agents;
