"""Puts what coding agents are told of the swarm into their files, checks it, and takes it out again, byte for byte.

Which entries belong into which file says `hosts/`; this room knows the forms: JSON with comments, TOML, YAML, Markdown.
It owns the skills and the plugin folder, and the records of what it changed. Uses `hosts/`, `errors`, `text`, `values`.
"""
