"""What is particular to SQLite: raw connections, schema and migrations, its errors, notifications of commits."""
