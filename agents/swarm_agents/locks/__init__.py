"""Locks: named leases on files, folders and globs, so that two agents do not change the same files.

Owns the table locks. Uses `messages/`, events and `db/`.
"""
