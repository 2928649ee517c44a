"""Transforms of images, with torchvision's names and defaults: what happens between a data set and a model.

Each takes one image (C, H, W) or a batch (N, C, H, W), uint8 or float, and gives a new Tensor; in a batch every image
has random numbers of its own. In a DataLoader they depend on the loader's seed and on the sample's place in the epoch
alone, never on threads or on the batch size (draws.py).

    transform = Compose([RandomCrop(32, padding=4), RandomHorizontalFlip(), ToTensor(), Normalize(mean, std)])
"""
from .compose import Compose, Lambda
from .convert import ConvertImageDtype, Normalize, PILToTensor, ToTensor
from .crop import CenterCrop, Pad, RandomCrop
from .flip import RandomHorizontalFlip, RandomVerticalFlip

__all__ = ["CenterCrop", "Compose", "ConvertImageDtype", "Lambda", "Normalize", "PILToTensor", "Pad", "RandomCrop",
           "RandomHorizontalFlip", "RandomVerticalFlip", "ToTensor"]
