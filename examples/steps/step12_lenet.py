"""Step 12. LeNet: everything together.

A convolutional network learns handwritten digits, on the engine of steps 5 to 11: some 250 lines of code.

一个卷积网络学会手写数字，用的就是第 5 到 11 步的引擎：两百多行代码。
"""
import numpy as np
from step05_op_table import Tensor
from step06_gradcheck import cross_entropy
from step10_module import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential
from step11_optimizer import Adam

from tinygrad_cnn.data import Digits  # only the images: 8x8, values from 0 to 1


def digits(train):
    """Images (N, 1, 8, 8) and labels (N,)."""
    data = Digits(train=train)
    return data.data.numpy().astype(float), data.targets.numpy()


def lenet(random):
    """Table 24.1 of the book in small: two convolutions, each with a pooling, and linear layers."""
    return Sequential(
        Conv2d(1, 8, 3, padding=1, random=random), ReLU(), MaxPool2d(2),        # (N, 8, 4, 4)
        Conv2d(8, 16, 3, padding=1, random=random), ReLU(), MaxPool2d(2),       # (N, 16, 2, 2)
        Flatten(), Linear(64, 32, random), ReLU(), Linear(32, 10, random))


if __name__ == "__main__":
    random = np.random.default_rng(0)
    images, labels = digits(train=True)
    test_images, test_labels = digits(train=False)
    network = lenet(random)
    assert sum(p.array.size for p in network.parameters()) == 80 + 1_168 + 2_080 + 330
    optimizer = Adam(network.parameters(), lr=0.005)
    for epoch in range(5):
        for rows in np.array_split(random.permutation(len(images)), 45):
            optimizer.zero_grad()
            loss = cross_entropy(network(Tensor(images[rows])), labels[rows])
            loss.backward()
            optimizer.step()
        accuracy = (network(Tensor(test_images)).array.argmax(axis=1) == test_labels).mean()
        print(f"epoch {epoch + 1}: loss {loss.array:.3f}, accuracy on images it has not seen {accuracy:.1%}")
    assert accuracy > 0.9

# What we left out: `python -m tinygrad_cnn train` does this in earnest: validation, schedules, a run folder.
