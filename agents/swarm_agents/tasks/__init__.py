"""Tasks that agents share out among themselves: their order, their leases, files of tasks, plans for a feature.

`tasks` has the acts on one task, `reopening` what returns a task to open, `drafts` and `graph` what is checked before
tasks are added. Owns the tables tasks and task_deps. Uses `messages/`, the roster, events and `db/`.
"""
