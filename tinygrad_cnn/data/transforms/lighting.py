"""AlexNet's change of light: a random multiple of the principal components of the colours is added to every pixel.

Source: A. Krizhevsky, I. Sutskever and G. Hinton (2012), ImageNet classification with deep convolutional neural
networks, section 4.1.
"""
import numpy as np

from ...errors import ArgumentError, DTypeError, ShapeError
from ..draws import normal
from .image import Transform, as_image

# Of ImageNet's pixels in [0, 1]: the square roots of the covariance's eigenvalues, and its eigenvectors as columns.
_IMAGENET_DEVIATIONS = (0.2175, 0.0188, 0.0045)
_IMAGENET_VECTORS = ((-0.5675, 0.7192, 0.4009), (-0.5808, -0.0045, -0.8140), (-0.5836, -0.6948, 0.4203))


class Lighting(Transform):
    """Adds eigvec @ (alpha * eigval) to the red, green and blue of every pixel, alpha normal with deviation alphastd.

    Args: alphastd: 0.1 in the paper. eigval: how far the colours reach along each component, as a deviation. eigvec:
    the components, one a column. Both are ImageNet's if not given; `principal_colours` finds those of other images.
    The image is float in [0, 1]; what leaves that range stays outside.
    """

    def __init__(self, alphastd=0.1, eigval=_IMAGENET_DEVIATIONS, eigvec=_IMAGENET_VECTORS):
        if isinstance(alphastd, bool) or not isinstance(alphastd, (int, float)) or alphastd < 0:
            raise ArgumentError(f"Lighting: alphastd is {alphastd!r}. Give a number of at least 0.")
        self.alphastd = alphastd
        self.eigval, self.eigvec = np.array(eigval, np.float64), np.array(eigvec, np.float64)
        if self.eigval.shape != (3,) or self.eigvec.shape != (3, 3):
            raise ArgumentError(f"Lighting: eigval has shape {self.eigval.shape} and eigvec {self.eigvec.shape}. "
                                "Give 3 numbers and a 3 x 3 matrix.")

    def apply(self, images, xp):
        if images.shape[1] != 3:
            raise ShapeError(f"Lighting: the image has {images.shape[1]} channels. Give red, green and blue.")
        if images.dtype == np.uint8:
            raise DTypeError("Lighting: the image is uint8, not float in [0, 1]. Put ToTensor() before it.")
        shift = (self.alphastd * normal(len(images), 3) * self.eigval) @ self.eigvec.T      # (N, 3)
        return images + xp.asarray(shift.astype(images.dtype))[:, :, None, None]

    def __repr__(self):
        return f"Lighting(alphastd={self.alphastd})"


def principal_colours(images):
    """The principal components of the images' colours, (eigval (3,), eigvec (3, 3)) for Lighting.

    Args: images: (N, 3, H, W), uint8 (taken as 0..255) or float in [0, 1].

    >>> import tinygrad_cnn as tg
    >>> deviations, vectors = principal_colours(tg.rand(4, 3, 8, 8))
    >>> deviations.shape, vectors.shape
    ((3,), (3, 3))
    """
    images = as_image(images, "principal_colours")
    pixels = images.device.asnumpy(images.array)
    if pixels.ndim == 3:
        pixels = pixels[np.newaxis]
    if pixels.shape[1] != 3:
        raise ShapeError(f"principal_colours: the images have {pixels.shape[1]} channels. Give red, green and blue.")
    scale = 255.0 if pixels.dtype == np.uint8 else 1.0
    count, total, products = 0, np.zeros(3), np.zeros((3, 3))
    for start in range(0, len(pixels), 256):                # in pieces: 50,000 images as float64 would be 1.2 GB
        colours = pixels[start:start + 256].transpose(1, 0, 2, 3).reshape(3, -1) / scale
        count += colours.shape[1]
        total += colours.sum(axis=1)
        products += colours @ colours.T
    mean = total / count
    values, vectors = np.linalg.eigh(products / count - np.outer(mean, mean))
    return np.sqrt(np.maximum(values[::-1], 0.0)), vectors[:, ::-1]
