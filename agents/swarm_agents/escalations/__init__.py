"""Questions to the human, and the channels by which they are announced.

Owns the tables escalations and announcements. Uses `incidents/`, `db/`, `text`.
"""
