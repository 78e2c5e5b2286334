"""The only code that opens a database: transactions, deadlines, leases, notifications of commits, search.

Uses `model`, `errors` and `system/`. Code that only works with SQLite is in `sqlite/`, which no other room imports.
"""
