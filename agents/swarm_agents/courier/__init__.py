"""Deliveries into panes: reads agents' screens, decides, types, and records only what it saw.

Owns the tables `typings` and `couriers`. Uses `panes`, `hosts`, `db` and `system`."""
