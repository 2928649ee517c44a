"""Data sets, samplers and the loader that makes batches of them, with PyTorch's names (also under `tg.utils.data`)."""
from . import transforms
from .cifar import CIFAR10, CIFAR100
from .collate import default_collate, default_convert
from .dataset import ConcatDataset, Dataset, IterableDataset, Subset, TensorDataset, random_split
from .digits import Digits
from .folder import DatasetFolder, ImageFolder
from .loader import DataLoader
from .mnist import MNIST, FashionMNIST
from .photo import load_image
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, SubsetRandomSampler, WeightedRandomSampler
from .workers import WorkerInfo, batch_random, get_worker_info

__all__ = ["BatchSampler", "CIFAR10", "CIFAR100", "ConcatDataset", "DataLoader", "Dataset", "DatasetFolder", "Digits",
           "FashionMNIST", "ImageFolder", "IterableDataset", "MNIST", "RandomSampler", "Sampler", "SequentialSampler",
           "Subset", "SubsetRandomSampler", "TensorDataset", "WeightedRandomSampler", "WorkerInfo", "batch_random",
           "default_collate", "default_convert", "get_worker_info", "load_image", "random_split", "transforms"]
