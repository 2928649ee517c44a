"""Images kept in memory as the uint8 they are in their file, with a label each: what MNIST and CIFAR have in common."""
import numpy as np

from ..device import CPU
from ..errors import ArgumentTypeError, DataError
from ..tensor import Tensor
from .collate import default_collate
from .dataset import Dataset, take_rows


class Pictures(Dataset):
    """Sample i is (image, label): a uint8 Tensor (C, H, W), or what `transform` makes of it, and an int.

    Args: images: uint8 array (N, H, W) or (N, C, H, W). labels: integers (N,). classes: the names of the labels.
    transform: called with the image; transforms.ToTensor() makes float32 in [0, 1]. target_transform: called with the
    label.
    Attributes: `data`, the images, and `targets`, the labels (N,) int64, both Tensors; `classes`, a list of names;
    `class_to_idx`, their numbers.
    Raises: ArgumentTypeError for a transform that cannot be called, DataError for a label without a name.
    """

    def __init__(self, images, labels, classes, transform=None, target_transform=None):
        for name, function in (("transform", transform), ("target_transform", target_transform)):
            if function is not None and not callable(function):
                raise ArgumentTypeError(f"{type(self).__name__}: {name} is a {type(function).__name__}, which cannot "
                                        "be called. Give a function of one argument.")
        self.transform, self.target_transform = transform, target_transform
        self.classes = list(classes)
        self.class_to_idx = {name: k for k, name in enumerate(self.classes)}
        if len(images) != len(labels):
            raise DataError(f"{type(self).__name__}: {len(images)} images but {len(labels)} labels. "
                            "Fetch the files again.")
        if len(labels) and np.max(labels) >= len(self.classes):
            raise DataError(f"{type(self).__name__}: there is a label {np.max(labels)}, but only {len(self.classes)} "
                            "classes. Fetch the files again.")
        self.data = Tensor(np.ascontiguousarray(images), CPU)
        self.targets = Tensor(np.asarray(labels, np.int64), CPU)

    def __getitem__(self, index):
        image, label = self.data[index].clone(), int(self.targets.array[index])
        if image.ndim == 2:
            image = image.unsqueeze(0)
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            label = self.target_transform(label)
        return image, label

    def take_batch(self, indices):
        """[images (len(indices), C, H, W), labels (len(indices),)], or None if the transform takes one image a time."""
        if self.transform is not None and not getattr(self.transform, "batched", False):
            return None
        images, labels = take_rows(self.data, indices), take_rows(self.targets, indices)
        if images.ndim == 3:
            images = images.unsqueeze(1)
        if self.transform is not None:
            images = self.transform(images)
        if self.target_transform is not None:
            labels = default_collate([self.target_transform(label) for label in labels.tolist()])
        return [images, labels]

    def __len__(self):
        return self.data.array.shape[0]

    def __repr__(self):
        shape = "x".join(map(str, self.data.array.shape[1:]))
        return f"{type(self).__name__}: {len(self)} images of {shape}, {len(self.classes)} classes"
