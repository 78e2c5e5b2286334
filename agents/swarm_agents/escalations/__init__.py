"""Questions to the human, and the channels by which each of them reaches one.

Owns the tables escalations and announcements. Uses `incidents/`, `db/`, `text`.
"""
