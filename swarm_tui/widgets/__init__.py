"""The dashboard's widgets, one class per file, its .tcss beside it."""
