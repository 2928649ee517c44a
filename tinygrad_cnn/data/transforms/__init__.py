"""Transforms of images, with torchvision's names and defaults: what happens between a data set and a model.

Each takes one image (C, H, W) or a batch (N, C, H, W), uint8 or float, and gives a new Tensor; in a batch every image
has random numbers of its own. In a DataLoader they depend on the loader's seed and on the sample's place in the epoch
alone, never on threads or on the batch size (draws.py).

    transform = Compose([RandomCrop(32, padding=4), RandomHorizontalFlip(), ToTensor(), Normalize(mean, std)])
"""
from .colour import ColorJitter, Grayscale
from .compose import Compose, Lambda
from .convert import ConvertImageDtype, Normalize, PILToTensor, ToTensor
from .crop import CenterCrop, Pad, RandomCrop
from .erasing import RandomErasing
from .flip import RandomHorizontalFlip, RandomVerticalFlip
from .lighting import Lighting, principal_colours
from .resize import InterpolationMode, RandomResizedCrop, Resize
from .ten_crop import FiveCrop, TenCrop

__all__ = ["CenterCrop", "ColorJitter", "Compose", "ConvertImageDtype", "FiveCrop", "Grayscale", "InterpolationMode",
           "Lambda", "Lighting", "Normalize", "PILToTensor", "Pad", "RandomCrop", "RandomErasing",
           "RandomHorizontalFlip", "RandomResizedCrop", "RandomVerticalFlip", "Resize", "TenCrop", "ToTensor",
           "principal_colours"]
