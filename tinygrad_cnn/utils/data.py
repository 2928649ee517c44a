"""The names of `tinygrad_cnn.data` where PyTorch has them: `tg.utils.data.DataLoader` is `tg.data.DataLoader`."""
from ..data import *  # noqa: F403
from ..data import __all__  # noqa: F401
