"""Benchmarks: `python -m tests.benchmarks NAME` runs one and prints what it measured, a table and a line of JSON."""
