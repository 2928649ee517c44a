"""The progress bar of one epoch, in images: loss, accuracy and images/s as it goes."""
import sys

from ..errors import MissingExtraError


class Progress:
    """A bar over `images` images on standard error, gone when the context ends.

    `show(tally)` after each batch moves it. The figures are read, and a GPU waited for, only when the bar is redrawn
    (ten times a second).

    Raises: MissingExtraError if tqdm is not installed.
    """

    def __init__(self, label, images, *, file=None):
        self._bar = _tqdm()(total=images, desc=label, unit=" images", leave=False, dynamic_ncols=True,
                            file=file or sys.stderr)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._bar.close()

    def show(self, tally):
        """Move the bar to the images of `tally` and, where it is redrawn, write its loss and accuracy."""
        if self._bar.update(tally.images - self._bar.n):
            self._bar.set_postfix_str(f"loss {tally.loss:.4f}, accuracy {tally.accuracy:.1%}")


def _tqdm():
    try:
        from tqdm import tqdm
    except ImportError:
        raise MissingExtraError("train: the package tqdm, which draws the progress bar, is not installed. "
                                "Run: pip install 'tinygrad_cnn[train]'") from None
    return tqdm
