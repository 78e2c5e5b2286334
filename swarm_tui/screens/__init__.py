"""Whole screens, one class per file: each shows one snapshot."""
