"""Locks: named leases on files, folders and globs, so that two agents do not change the same files.

Owns the tables locks and lock_fence. Uses `messages/`, events and `db/`.
"""
