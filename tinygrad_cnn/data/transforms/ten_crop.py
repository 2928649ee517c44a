"""Several pieces of one image, for averaging a network's answers: the corners, the middle, and all of them mirrored."""
from ...errors import ShapeError
from .crop import CenterCrop
from .image import Transform, pair


class FiveCrop(Transform):
    """The four corners and the middle: a tuple of five images, top left, top right, bottom left, bottom right, centre.

    Args: size: (height, width), or an integer for a square.
    Raises: ShapeError for an image smaller than size.
    """

    def __init__(self, size):
        self.size = pair(type(self).__name__, "size", size)

    def apply(self, images, xp):
        height, width = self.size
        rows, columns = images.shape[2:]
        if height > rows or width > columns:
            raise ShapeError(f"{type(self).__name__}: size is {self.size} but the image is {rows} x {columns}. "
                             "Give a smaller size, or Resize() the image first.")
        return (images[:, :, :height, :width], images[:, :, :height, columns - width:],
                images[:, :, rows - height:, :width], images[:, :, rows - height:, columns - width:],
                CenterCrop(self.size).apply(images, xp))


class TenCrop(FiveCrop):
    """FiveCrop's images, and those of the image mirrored left to right: a tuple of ten.

    AlexNet's published errors are of the mean answer to these.

    Args: size: as for FiveCrop. vertical_flip: mirror top to bottom instead.

    >>> import tinygrad_cnn as tg
    >>> len(TenCrop(2)(tg.zeros(3, 4, 4)))
    10
    """

    def __init__(self, size, vertical_flip=False):
        super().__init__(size)
        self.vertical_flip = bool(vertical_flip)

    def apply(self, images, xp):
        mirrored = images[:, :, ::-1] if self.vertical_flip else images[..., ::-1]
        return super().apply(images, xp) + super().apply(mirrored, xp)
