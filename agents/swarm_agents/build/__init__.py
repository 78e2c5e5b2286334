"""The build: which agent repairs a red one, which wait, which try next after green.

Owns the tables build_state, shared_branch, waiters, turns and turn_window. Uses `escalations/`, `incidents/`,
`messages/`, the roster, events and `db/`.

The state machine is cut by who acts: `build` has the acts of agents, `human_acts` those that only a human may do,
`expiry` those of the clock. All three change the row only through `transitions` (one conditional update each), write
what follows from a change through `consequences`, and return the types of `outcomes`. `waiters` and `wait` are the line
of agents while the build is red, `retry_queue` is their order after green.
"""
