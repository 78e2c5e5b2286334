"""Code that only works with SQLite: raw connections, schema and migrations, its errors, commit notifications."""
