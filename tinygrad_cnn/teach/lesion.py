"""A lesion study: remove each residual block in turn and see what the network still knows.

A block taken out leaves its shortcut. A plain network without one of its layers is broken; a residual network loses
only the half of its 2^n paths that led through the block. Source: Veit, Wilber and Belongie 2016.
"""
from contextlib import ExitStack

from ..autograd import no_grad
from ..errors import ArgumentError, ArgumentTypeError
from ..figures import new_figure, save
from ..tensor import Tensor
from .forward_pass import forward_pass
from .residual_blocks import residual_blocks
from .text_table import Printed, bar, lined_up
from .texts_layers import headings, say
from .untouched import untouched

__all__ = ["Lesion", "lesion"]


class Lesion(Printed):
    """What was measured: `intact` (accuracy of the whole network), `rows` [(path, accuracy without that block, whether
    its shortcut is the identity)], `count` (images)."""

    def __init__(self, intact, rows, count, lang):
        self.intact, self.rows, self.count, self.lang = intact, rows, count, lang

    def __str__(self):
        _, whole, identity, changing = headings(self.lang, "lesion.words")
        cells = [(whole, f"{self.intact:.1%}", "", bar(self.intact, 1.0))]
        cells += [(path, f"{accuracy:.1%}", identity if plain else changing, bar(accuracy, 1.0))
                  for path, accuracy, plain in self.rows]
        return "\n".join([say(self.lang, "lesion.title", count=self.count), "",
                          *lined_up(headings(self.lang, "lesion.head"), cells, left=4)])

    def draw(self, path):
        """Write the study as a picture (PNG): one column a block, the whole network as a line.

        Raises: MissingExtraError without matplotlib.
        """
        figure = new_figure("lesion", 8, 3.8)
        axes = figure.add_subplot()
        colours = ["#4c72b0" if plain else "#c44e52" for _, _, plain in self.rows]
        names = [path for path, _, _ in self.rows]
        axes.bar(range(len(names)), [100 * accuracy for _, accuracy, _ in self.rows], color=colours)
        axes.axhline(100 * self.intact, color="black", linewidth=1, linestyle="--")
        axes.text(len(names) - 0.5, 100 * self.intact + 1, f"nothing removed: {self.intact:.1%}", ha="right")
        axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
        axes.set_ylim(0, 105)
        axes.set_ylabel(f"accuracy on {self.count:,} images (%)")
        axes.set_title("One residual block removed (red: its shortcut changes the shape)")
        save(figure, path)


def lesion(model, data, blocks=None, lang="both"):
    """The accuracy of a classifier, whole and without each of its residual blocks.

    Args: model: a Module, images (N, ...) -> logits (N, K). data: a pair (images, labels), or batches of such pairs (a
    DataLoader). blocks: as in `residual_blocks`, dict path -> shortcut, where they cannot be told. lang: "zh", "en",
    "both".
    Returns: a `Lesion`; the model is left as it was.
    Raises: ArgumentError if there are no blocks; ArgumentTypeError for data that is not pairs of tensors.

    >>> import tinygrad_cnn as tg
    >>> study = lesion(tg.nn.models.resnet20(), (tg.rand(4, 3, 32, 32), tg.tensor([0, 1, 2, 3])))
    >>> len(study.rows)
    9
    """
    found = residual_blocks("lesion", model, blocks)
    right, count, ends = [0] * (len(found) + 1), 0, None
    with untouched(model, training=False), no_grad():
        for images, labels in _batches(data):
            ends = _rectified(model, found, images) if ends is None else ends
            count += len(labels)
            for k, logits in enumerate(_outputs(model, found, ends, images)):
                right[k] += int((logits.argmax(1) == labels).sum())
    if not count:
        raise ArgumentTypeError("lesion: there are no images in the data. Give a pair (images, labels) or batches of "
                                "them.")
    rows = [(block.path, n / count, block.is_identity) for block, n in zip(found, right[1:])]
    return Lesion(right[0] / count, rows, count, lang)


def _batches(data):
    if isinstance(data, (tuple, list)) and len(data) == 2 and all(isinstance(part, Tensor) for part in data):
        images, labels = data
        return [(images[k:k + 250], labels[k:k + 250]) for k in range(0, len(labels), 250)]
    if not hasattr(data, "__iter__"):
        raise ArgumentTypeError(f"lesion: data is {type(data).__name__}. Give a pair (images, labels) or batches of "
                                "them.")
    return data


def _rectified(model, blocks, images):
    """For each block whether a ReLU follows its sum: then one follows its shortcut, too.

    Raises: ArgumentError unless each block is called once.
    """
    seen = forward_pass("lesion", model, images[:1])
    ends = []
    for block in blocks:
        calls = [call for call in seen.calls if call.module is block.module]
        if len(calls) != 1:
            raise ArgumentError(f"lesion: the block {block.path!r} is called {len(calls)} times in a forward pass. "
                                "Give blocks={path: shortcut} that are called once each.")
        ends.append(getattr(getattr(calls[0].outputs[0].edge, "op", None), "name", None) == "relu")
    return ends


def _outputs(model, blocks, ends, images):
    """The logits of the whole network, then those without each block.

    What the blocks before the missing one make is known from the whole network, so it is not computed again.
    """
    made, handles = {}, []
    for block in blocks:
        handles.append(block.module.register_forward_hook(
            lambda module, inputs, output: made.__setitem__(module, output.clone())))
    try:
        logits = model(images)
    finally:
        for handle in handles:
            handle.remove()
    yield logits
    order = list(made)                                  # as they were called
    for block, rectified in zip(blocks, ends):
        yield _without(model, block, rectified, blocks, {m: made[m] for m in order[:order.index(block.module)]}, images)


def _without(model, block, rectified, blocks, known, images):
    def past(x):
        y = block.shortcut(x)
        return y.relu() if rectified else y

    with ExitStack() as stack:
        for other in blocks:
            if other.module in known:
                stack.enter_context(other.replaced(lambda x, y=known[other.module]: y.clone()))
        stack.enter_context(block.replaced(past))
        return model(images)
