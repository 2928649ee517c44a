"""Benchmarks: `python -m tests.benchmarks NAME` runs one and prints what it measured, as a table and as a line of JSON."""
