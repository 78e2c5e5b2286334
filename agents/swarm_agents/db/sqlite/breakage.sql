-- What version 5 adds: what failed in a check, by name, and which commit broke the build.

alter table check_runs add column signature text;   -- JSON: what failed, by name; null when it passed

alter table build_state add column suspect text not null default '';

drop view v_build;

create view v_build as                            -- The build: one row, as `swarm build status` tells it.
select status,                                    -- passing, broken, fixing or escalated
       incident_id as incident,                   -- the open one, or the last one
       summary,
       fixer_agent_id as fixer,                   -- the agent that repairs it
       fence,                                     -- grows with each new fixer
       case status when 'passing' then 0 when 'escalated' then attempts_used
           else attempts_used + 1 end as attempt, -- the one that is open or comes next
       max_attempts,
       iso(retry_at) as retry_at,                 -- the network failed: no claim before this time
       iso(broken_since) as broken_since,
       iso(lease_expires_at) as lease_expires_at, -- by the wall clock; the monotonic clock decides
       iso(last_check) as last_check,
       last_check_ok,                             -- 1 when it passed
       iso(changed_at) as changed_at,             -- the last change of status
       (select count(*) from waiters) as waiting, -- how many agents wait for green
       nullif(suspect, '') as suspect             -- the first red commit and its author, where they are known
from build_state;
