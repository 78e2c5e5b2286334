"""The only code that opens a database: transactions, deadlines, leases, notifications of commits, search.

Uses `model`, `errors` and `system/`. What is particular to SQLite is in `sqlite/`, which no other room imports.
"""
