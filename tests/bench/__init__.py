"""Benches, run by hand with `python -m tests.bench`. They are no tests, because a busy machine is no defect."""
