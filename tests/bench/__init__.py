"""Measurements, run by hand with `python -m tests.bench`; no tests, because a busy machine is no defect."""
