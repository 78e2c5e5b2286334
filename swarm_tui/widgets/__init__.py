"""Parts of a screen, one class per file: `show` in, typed messages out, never a database."""
