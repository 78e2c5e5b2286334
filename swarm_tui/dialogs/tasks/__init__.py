"""Dialogs about tasks."""
