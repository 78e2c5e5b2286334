"""Whole screens, one class per file: each shows one snapshot, opens dialogs, and posts requests to the app.

Uses dialogs and widgets. Reads the database only in workers, by a function of `swarm_agents.views`.
"""
