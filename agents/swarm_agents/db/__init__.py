"""The only code that opens a database: transactions, schema, migrations, locks, change feed."""
