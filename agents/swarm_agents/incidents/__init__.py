"""Red periods: their rows, their attempts, and what they cost.

Owns the tables incidents, attempts, symptoms and landings; `build/` adds the rows of waits. Uses `db/` and `model`.
"""
