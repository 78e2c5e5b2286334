"""Work to be shared out: tasks, their order, and plans for a feature.

Owns the tables tasks and task_deps. Uses `messages/`, the roster, events and `db/`.
"""
