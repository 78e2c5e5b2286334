"""Dialogs about the build: its fixer, its escalations, its incidents."""
