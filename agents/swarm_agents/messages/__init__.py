"""Messages between agents and people: sending, reading, searching, acknowledging, and deliveries into panes.

Owns the tables messages, receipts, acknowledgements, deliveries and pruned. Uses `escalations/`, the roster, phases,
events and `db/`. Never touches a pane: `deliveries` are rows, which the courier works off.
"""
