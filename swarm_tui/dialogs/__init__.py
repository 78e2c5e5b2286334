"""Questions to the human, one class per file: each ends with an order, or with None."""
