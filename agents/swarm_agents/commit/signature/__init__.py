"""What failed, by name: the signature of a failed run, from its output or from the report that it wrote.

Owns the patterns by which each tool names its failures. Only a refused commit loads this room. Uses `values` and
`text`.
"""
