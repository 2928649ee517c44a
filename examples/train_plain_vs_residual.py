"""The degradation problem, measured: deeper plain networks learn worse, and shortcuts mend most of it at once.

Plain-20, plain-56, ResNet-20 and ResNet-56 see the same CIFAR-10 images in the same order, with the same optimizer. At
every step the error on the batch is noted, and the norm of the loss's gradient with respect to the weight of every 3x3
convolution. The picture shows both: the error as it falls, and the gradient along the depth, at the first step and over
the last epoch. At the first step the gradient of plain-56 grows some 300 times from its last layer to its first (each
block on the way back multiplies it), and the network hardly learns; with shortcuts the gradient keeps its size at
either depth. In so short a run the deeper network is behind in both families, but by half as much with shortcuts; the
paper trains 164 epochs, after which ResNet-56 is ahead of ResNet-20 and plain-56 still behind plain-20.
Source: He, Zhang, Ren and Sun 2016, section 4.2; the book's section on residual networks.

    python examples/train_plain_vs_residual.py --data-dir ../shared/data --out runs/plain_vs_residual

Each network sees 16,000 images four times, 500 steps of 128: about 20 minutes for all four on two quiet cores (0.3 s a
step for 20 layers, 0.9 s for 56). The table grows a row with each epoch; the picture is drawn at the end. More images
and epochs make it clearer, and longer. The picture and the table beside this file are from a run of some six minutes,
with --images 4096 --batch-size 64 --lr 0.05. With 12,800 images and the default rate of 0.1, ResNet-56 starts as slowly
as plain-56 does (73 and 75 % after 400 steps, beside 49 and 52 % of the networks of 20 layers): a deep network wants a
smaller rate at first.
"""
import argparse
import csv
import pathlib
import time

import numpy as np

import tinygrad_cnn as tg
from tinygrad_cnn import nn

NETWORKS = {"plain20": "#e0915a", "plain56": "#b03a2e", "resnet20": "#7fb3d5", "resnet56": "#1f4e79"}
TABLE = ("network", "epoch", "training_error", "gradient_first_layer", "gradient_last_layer", "seconds")
STEPS_BETWEEN_LINES = 25
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def batches(images, labels, size, seed):
    """One epoch: pairs (size, 3, 32, 32), (size), in an order that depends on the seed alone; the rest is left out."""
    order = np.random.default_rng(seed).permutation(len(labels))
    for start in range(0, len(order) - size + 1, size):
        rows = order[start:start + size].tolist()
        yield images[rows], labels[rows]


def convolutions(model):
    """The weights of the 3x3 convolutions, from the input to the output."""
    found = [module for module in model.modules() if isinstance(module, nn.Conv2d)]
    return [module.weight for module in found if module.kernel_size == (3, 3)]


def measure(name, images, labels, options, table):
    """Train one network: (error of each step (steps,), gradient norm by step and layer (steps, layers)).

    table: called with a row (see TABLE) after each epoch.
    """
    tg.manual_seed(options.seed)
    model = nn.models.get_model(name, num_classes=10)
    weights = convolutions(model)
    optimizer = tg.optim.SGD(model.parameters(), lr=options.lr, momentum=0.9, weight_decay=1e-4)
    errors, norms = [], []
    steps = len(labels) // options.batch_size
    for epoch in range(options.epochs):
        started = time.perf_counter()
        for step, (inputs, targets) in enumerate(batches(images, labels, options.batch_size, (options.seed, epoch)), 1):
            optimizer.zero_grad()
            logits = model(inputs)
            nn.functional.cross_entropy(logits, targets).backward()
            errors.append(float((logits.argmax(1) != targets).float().mean()))
            norms.append([float(weight.grad.norm()) for weight in weights])
            optimizer.step()
            seconds = time.perf_counter() - started
            if step % STEPS_BETWEEN_LINES == 0 or step == steps:
                print(f"{name:<9} epoch {epoch + 1}/{options.epochs}, step {step:>3}/{steps}: training error "
                      f"{100 * np.mean(errors[-step:]):.1f} %, {seconds:.0f} s", flush=True)
        first, *_, last = np.mean(norms[-steps:], axis=0)
        table((name, epoch + 1, round(float(np.mean(errors[-steps:])), 4), f"{first:.4g}", f"{last:.4g}",
               round(seconds, 1)))
    return np.array(errors), np.array(norms)


def draw(found, options, path):
    """The picture: training error by step, gradient norm by layer at the first step and over the last epoch."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    figure = Figure(figsize=(14, 4.9), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    left, middle, right = figure.subplots(1, 3)
    for name, (errors, norms) in found.items():
        steps = len(errors) // options.epochs
        window = max(1, steps // 2)
        smooth = np.convolve(errors, np.ones(window) / window, mode="valid")
        left.plot((np.arange(len(smooth)) + window) / steps, 100 * smooth, color=NETWORKS[name], label=name)
        depth = np.linspace(0, 1, norms.shape[1])
        middle.plot(depth, norms[0], color=NETWORKS[name], label=name)
        right.plot(depth, norms[-steps:].mean(0), color=NETWORKS[name], label=name)
    left.set(xlabel="epoch", ylabel="training error (%)", title="Training error\nmean of half an epoch")
    for axes, when in ((middle, "at the first step"), (right, "over the last epoch")):
        axes.set(xlabel="depth: first to last 3x3 convolution", ylabel="norm of the loss's gradient", yscale="log",
                 title=f"Gradient of each layer\n{when}")
    for axes in (left, middle, right):
        axes.grid(alpha=0.3)
        axes.legend()
    figure.suptitle(f"CIFAR-10, {options.images:,} images, batches of {options.batch_size}, SGD with momentum 0.9, "
                    f"learning rate {options.lr:g}")
    figure.savefig(path, format="png")


def read_images(options):
    """The first training images, normalised, (N, 3, 32, 32), and their labels (N)."""
    data = tg.data.CIFAR10(options.data_dir, train=True)
    mean, std = (tg.tensor(numbers).view(1, 3, 1, 1) for numbers in (MEAN, STD))
    return (data.data[:options.images].float() / 255 - mean) / std, data.targets[:options.images]


def given():
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", default="../shared/data", help="folder of CIFAR-10's files (%(default)s)")
    parser.add_argument("--images", type=int, default=16000, help="training images, of 50,000 (%(default)s)")
    parser.add_argument("--epochs", type=int, default=4, help="(%(default)s)")
    parser.add_argument("--batch-size", type=int, default=128, help="(%(default)s)")
    parser.add_argument("--lr", type=float, default=0.1, help="learning rate (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="for the first weights and the order (%(default)s)")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent,
                        help="folder of the picture and the table (that of this program)")
    options = parser.parse_args()
    if not 0 < options.batch_size <= options.images or options.epochs < 1:
        parser.error("give at least one epoch, and images for at least one batch")
    return options


def main():
    """Measure the four networks; write a row of the table after each epoch, and the picture."""
    options = given()
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "train_plain_vs_residual.csv"
    images, labels = read_images(options)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(TABLE)

        def table(row):
            writer.writerow(row)
            file.flush()
        found = {name: measure(name, images, labels, options, table) for name in NETWORKS}
    draw(found, options, path.with_suffix(".png"))
    print(f"The table is {path}, the picture {path.with_suffix('.png')}.")


if __name__ == "__main__":
    main()
