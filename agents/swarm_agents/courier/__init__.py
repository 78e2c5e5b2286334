"""Deliveries into panes: looks at agents' screens, decides, types, and records no more than it saw."""
