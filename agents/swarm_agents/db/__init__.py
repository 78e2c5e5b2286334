"""The only code that opens a database: transactions, schema, migrations, fair turns, change feed."""
