"""`swarm demo`: everything real, on a small stage of its own."""
