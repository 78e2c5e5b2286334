-- The read-only views for people who open the file with other programs. Their names and columns stay.
-- `iso(column)` is no function of SQLite: schema.py puts the expression for UTC in ISO 8601 in its place. 0 is no time.

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
       (select count(*) from waiters) as waiting  -- how many agents wait for green
from build_state;

create view v_incidents as                        -- Red periods, the open one too.
select id,
       iso(opened_at) as opened_at,
       opened_by,
       summary,
       hook,                                      -- the git hook that refused, where a hook did
       evidence,                                  -- the last lines of the output that was refused
       iso(closed_at) as closed_at,               -- null while it is open
       closed_by,
       closed_how,                                -- fixed, healed or declared
       closed_why,
       (closed_at - opened_at) / 1000 as seconds_to_green,
       fix_commit,
       first_red,                                 -- the first red commit after the last green one, where that is known
       first_red_by,                              -- its author
       (select count(*) from attempts a where a.incident_id = i.id) as attempts,
       (select round(coalesce(sum(w.until - w.since), 0) / 60000.0, 3)
            from waits w where w.incident_id = i.id) as agent_minutes_waited  -- without agents that are still in line
from incidents i;

create view v_attempts as                         -- Each try of a fixer within an incident.
select incident_id as incident,
       number,                                    -- within the incident
       budget,                                    -- the human's answer begins a new one
       agent,
       fence,
       iso(began_at) as began_at,
       iso(ended_at) as ended_at,                 -- null while it is open
       outcome,                                   -- fixed, failed, expired or released
       error_class,
       reason,
       landed_commit                              -- what the fixer landed through the hook
from attempts;

create view v_symptoms as                         -- Each breakage that was reported within an incident.
select incident_id as incident,
       signature,                                 -- what tells one breakage from another
       summary,
       iso(first_at) as first_at,
       first_by,
       times
from symptoms;

create view v_verdicts as                         -- What each refused commit meant, and the evidence for it.
select id,
       iso(at) as at,
       agent,
       incident_id as incident,                   -- the one it opened or joined
       verdict,
       why,
       hook,
       command,                                   -- the check that decided
       exit_status,                               -- its exit status
       output,                                    -- the end of its output
       duration_ms
from verdicts;

create view v_waiters as                          -- The agents that wait for green; the lowest ticket is first in line.
select ticket,
       agent,
       incident_id as incident,
       iso(since) as since,
       iso(deadline) as deadline                  -- by the wall clock; the monotonic clock decides
from waiters;

create view v_agents as                           -- The roster, with those who left.
select name,
       role,
       iso(joined_at) as joined_at,
       iso(seen_at) as seen_at,                   -- the last command of the agent
       iso(left_at) as left_at,                   -- null while it is here
       pane_id as pane,                           -- its tmux pane
       pane_socket,                               -- the socket of that tmux server
       pane_pid                                   -- the process that the pane started with
from agents;

create view v_messages as                         -- Every message that was not pruned.
select id,
       iso(at) as at,
       sender,
       recipient,                                 -- an agent, a role, or 'all'
       type,
       body,
       thread,                                    -- the message that began it
       reply_to,                                  -- the one it answers
       retry_of,                                  -- the one that was not acknowledged, said again
       requires_ack,
       automatic,                                 -- 1 when an act of the swarm sent it
       phase                                      -- the phase that its sender worked in
from messages;

create view v_receipts as                         -- Which agent has read or acknowledged which message.
select message_id as message,
       agent,
       iso(read_at) as read_at,
       iso(acked_at) as acked_at
from receipts;

create view v_deliveries as                       -- How far the notice of each message came on its way into each pane.
select id,
       message_id as message,
       agent,
       pane_id as pane,
       state,                                     -- queued, typed, submitted, read, skipped, failed or unknown
       reason,                                    -- why it is not there yet, or never will be
       detail,
       incident_id as incident,                   -- worth typing only while this incident is open
       iso(at) as at,                             -- of the last change
       iso(queued_at) as queued_at,
       iso(typed_at) as typed_at,
       iso(submitted_at) as submitted_at,
       iso(read_at) as read_at
from deliveries;

create view v_acknowledgements as                 -- Messages that must be acknowledged: a row for each recipient.
select message_id as message,                     -- the one that was sent, never a retry
       agent,
       state,                                     -- waiting, acknowledged, asked (the human was) or excused
       retries,
       iso(retried_at) as retried_at,             -- the last time
       iso(at) as at                              -- of the last change of state
from acknowledgements;

create view v_escalations as                      -- Questions to the human, answered ones too.
select id,
       incident_id as incident,                   -- the red build that it is about
       message_id as message,                     -- or the message without acknowledgement
       case when resolution is not null then resolution when acked_at is not null then 'acknowledged'
           else 'open' end as state,              -- open, acknowledged, or how it ended
       iso(raised_at) as raised_at,
       raised_by,
       reason,
       body,
       iso(acked_at) as acked_at,
       iso(resolved_at) as resolved_at,
       resolved_by,
       answer                                     -- in the human's own words
from escalations;

create view v_announcements as                    -- Each escalation on its way to the human, by one channel.
select escalation_id as escalation,
       channel,                                   -- dashboard, message, tmux or command
       state,                                     -- waiting, trying, shown, sent, failed, retired or skipped
       reason,                                    -- why it failed last, or was skipped
       tries,
       repeated,                                  -- 1 when it was tried again because the first result is unknown
       iso(at) as at                              -- of the last change
from announcements;

create view v_tasks as                            -- Work to share out, in the order of `number`.
select id,
       number,                                    -- order of work
       title,
       status,                                    -- open, claimed, in_progress, review, completed, failed or cancelled
       claimant,
       former,                                    -- its last claimant who lost it or gave it back
       fence,                                     -- grows with each new claimant
       (select group_concat(d.after_id, ' ') from task_deps d where d.task_id = t.id) as after,  -- tasks it waits for
       (select group_concat(d.after_id, ' ') from task_deps d join tasks b on b.id = d.after_id
            where d.task_id = t.id and b.status not in ('completed', 'cancelled'))
            as blocked_by,                        -- those of them that are not done
       feature,                                   -- the feature that it belongs to
       files,                                     -- a line each
       estimate_min,
       detail,
       result,                                    -- the result of the work, or why it failed
       iso(created_at) as created_at,
       created_by,
       iso(changed_at) as changed_at,
       iso(lease_expires_at) as lease_expires_at  -- by the wall clock; the monotonic clock decides
from tasks t;

create view v_locks as                            -- The paths and globs that agents have locked.
select path,                                      -- relative to the top of any working tree
       holder,
       fence,
       reason,
       iso(since) as since,
       iso(lease_expires_at) as expires_at,       -- by the wall clock; the monotonic clock decides
       is_folder,                                 -- 1 for a folder with everything below it
       any_case                                   -- 1 when upper and lower case are equal
from locks;

create view v_phases as                           -- Each attempt of one stage of a run.
select id,                                        -- run/name/attempt
       number,                                    -- in the order in which they began
       run,                                       -- the value of SWARM_RUN
       name,                                      -- the value of SWARM_PHASE
       attempt,
       iso(started_at) as started_at,
       iso(ended_at) as ended_at,                 -- null while it is open
       outcome                                    -- complete, failed or aborted
from phases;

create view v_events as                           -- The audit trail: one row for each change.
select id,
       iso(at) as at,
       actor,                                     -- an agent, 'human' or 'swarm'
       kind,
       incident_id as incident,
       fence,
       detail
from events;
