"""Named leases on paths and globs: who works on which files.

Owns the table locks. Uses `messages/`, events and `db/`.
"""
