"""The dashboard's screens, one class per file, its .tcss beside it."""
