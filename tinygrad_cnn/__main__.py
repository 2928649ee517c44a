"""`python -m tinygrad_cnn`: see `tinygrad_cnn.cli`."""
import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
