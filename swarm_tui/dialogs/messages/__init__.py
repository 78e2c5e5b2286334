"""Dialogs about messages: writing, reading, deliveries, acknowledgements."""
