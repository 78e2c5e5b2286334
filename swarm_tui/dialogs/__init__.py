"""The dashboard's dialogs, one class per file, its .tcss beside it."""
