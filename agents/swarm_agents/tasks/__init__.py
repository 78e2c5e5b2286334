"""Tasks that agents share out among themselves: their order, their leases, files of tasks, plans for a feature.

`tasks` has the acts on one task, `reopening` what returns a task to open, `drafts`, `naming` and `graph` what happens
before tasks are added, `task_file` and `imports` how a file of them is read and added. Owns the tables tasks and
task_deps. Uses `messages/`, the roster, events and `db/`.
"""
