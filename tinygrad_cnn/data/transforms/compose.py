"""One transform after the other, and a function as a transform."""
from ...errors import ArgumentTypeError


class Compose:
    """The transforms of a list, one after the other.

    Args: transforms: functions of one image, such as the transforms of this package.
    Attributes: `batched`, whether all of them take whole batches.
    Raises: ArgumentTypeError for what cannot be called.

    >>> import tinygrad_cnn as tg
    >>> from tinygrad_cnn.data.transforms import CenterCrop, ToTensor
    >>> Compose([CenterCrop(2), ToTensor()])(tg.zeros(3, 4, 4, dtype=tg.uint8)).shape
    tinygrad_cnn.Size([3, 2, 2])
    """

    def __init__(self, transforms):
        self.transforms = list(transforms)
        for k, transform in enumerate(self.transforms):
            if not callable(transform):
                raise ArgumentTypeError(f"Compose: transform {k} is a {type(transform).__name__}, which cannot be "
                                        "called. Give functions of an image.")

    @property
    def batched(self):
        """Whether every transform in it takes whole batches."""
        return all(getattr(transform, "batched", False) for transform in self.transforms)

    def __call__(self, image):
        for transform in self.transforms:
            image = transform(image)
        return image

    def __repr__(self):
        inner = "".join(f"\n    {transform!r}" for transform in self.transforms)
        return f"Compose({inner}\n)"


class Lambda:
    """A function of one image as a transform.

    Args: lambd: the function. batched: whether it also takes a batch (N, C, H, W) as N images.
    """

    def __init__(self, lambd, batched=False):
        if not callable(lambd):
            raise ArgumentTypeError(f"Lambda: a {type(lambd).__name__} cannot be called. Give a function of an image.")
        self.lambd, self.batched = lambd, bool(batched)

    def __call__(self, image):
        return self.lambd(image)

    def __repr__(self):
        return f"Lambda({getattr(self.lambd, '__name__', type(self.lambd).__name__)})"
