"""What opens above a screen, one class per file: questions that end in a command, and details.

Uses widgets, and posts requests to the app. Imports no screen.
"""
