"""What a screen, a web page or --json shows: immutable values, each read in one transaction, and no Textual.

Uses every room of the domain. Owns no table; writes only through the acts of other rooms.
"""
