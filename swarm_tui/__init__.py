"""The human's screen: what the swarm does, live from its database, and what a person can do about it.

The only part that imports Textual. Imports point one way: `__main__`, app, background, palette, screens, dialogs,
widgets, and below them requests, actions, toasts, pace, symbols, times, settings, worker_errors, themes. What it shows,
and what a human can command, comes from `swarm_agents.views`.
"""
