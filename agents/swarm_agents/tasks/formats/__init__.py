"""Formats of lists of tasks: those that docs/tasks.md describes, and what other trackers write.

Each module has `read(text)`, which gives `RawTask` values: nothing in them is checked yet, and each knows its line.
Only this room loads the libraries for Markdown and YAML. Uses `drafts`, `naming`, `text` and `errors`; `task_file`
chooses the format.
"""
