"""The coding agents that people run: one folder for each, with the profile of its screen.

Uses only `text`, `errors`, `late` and `values`, so that the configuration and the courier may use it.
"""
