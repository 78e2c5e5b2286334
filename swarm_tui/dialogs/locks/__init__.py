"""Dialogs about locks."""
