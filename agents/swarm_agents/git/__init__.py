"""The only code that runs git. Never with anything that skips a hook, and never inside a transaction.

Uses `system/` and `errors`.
"""
