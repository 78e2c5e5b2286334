"""Red periods: their rows, their attempts, and what they cost.

Owns the tables incidents, attempts, symptoms and waits. Uses `db/` and `model`.
"""
