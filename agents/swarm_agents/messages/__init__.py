"""What agents and people say to each other: sending, reading, searching, acknowledging, and deliveries into panes.

Owns the tables messages, receipts and deliveries. Uses `escalations/`, the roster, events and `db/`.
Never touches a pane.
"""
