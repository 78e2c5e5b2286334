"""The build: who repairs a red one, who waits, who tries next after green.

Owns the tables build_state, waiters, turns and turn_window. Uses `escalations/`, `incidents/`, `messages/`, the roster,
events and `db/`.
"""
