"""The other files here are written for PyTorch and read as text by test_written_for_torch.py; pytest imports none."""
collect_ignore_glob = ["[!c]*.py", "c[!o]*.py"]
