"""Deliveries into panes: reads agents' screens, decides, types, and records only what it saw.

Owns the tables `typings` (injections) and `couriers`, and updates the `deliveries` of `messages/`. Uses `panes/`,
`hosts/`, `db/` and `system/`.
"""
