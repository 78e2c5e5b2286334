"""What is particular to SQLite: connections, schema, error messages, notifications, search, fair writing.

Nothing outside `db/` imports from here, but for `swarm init` and for searching messages.
"""
