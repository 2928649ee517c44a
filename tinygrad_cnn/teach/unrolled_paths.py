"""A residual network unrolled: x_n is a sum over 2^n paths, each of which takes or passes every block.

From x_i = s_i(x_{i-1}) + f_i(x_{i-1}): if the f are linear, the output is exactly the sum of what each path makes of
the input, and the number of blocks on a path, its length, is binomial. The gradient is a sum over paths whatever the f
are, for it is linear: (S_1 + F_1)^t ... (S_n + F_n)^t g, multiplied out. Kept sorted by length, n + 1 vectors are
carried back through n blocks, and no path is walked on its own.
Source: Veit, Wilber and Belongie 2016; the book's figure 24.20.
"""
from math import comb

from ..autograd import enable_grad, grad, no_grad
from ..errors import ArgumentError
from ..figures import new_figure, save
from ..ops import cat, stack
from .forward_pass import model_inputs
from .residual_blocks import residual_blocks
from .text_table import Printed, bar, lined_up, told
from .texts_layers import headings, say
from .untouched import untouched

__all__ = ["UnrolledPaths", "unrolled_paths"]


class UnrolledPaths(Printed):
    """The paths of a stack of n residual blocks, by length 0 ... n.

    Attributes: paths (of the blocks in the model), counts (how many paths of each length), and if an input was given:
    output (of the last block), gradient (in the first block's input), gradients (the part of it that paths of each
    length bring), outputs (the sum of the paths of each length), or None if there are too many paths to walk.
    """

    def __init__(self, paths, lang):
        n = len(paths)
        self.paths, self.counts, self.lang = paths, [comb(n, length) for length in range(n + 1)], lang
        self.output = self.outputs = self.gradient = self.gradients = None

    @property
    def total(self):
        """The number of paths, 2^n."""
        return 2 ** len(self.paths)

    @property
    def gap(self):
        """How far the sum over paths is from the output, relative to the output: 0 for linear blocks."""
        if self.outputs is None:
            return None
        away = (sum(self.outputs) - self.output).norm() / self.output.norm()
        return away.item()

    def __str__(self):
        rows, most = [], max(self.counts)
        sizes = [g.norm().item() for g in self.gradients] if self.gradients else None
        for length, count in enumerate(self.counts):
            row = [length, f"{count:,}", bar(count, most, 24)]
            if sizes:
                row += [f"{sizes[length]:.3g}", bar(sizes[length], max(sizes), 24)]
            rows.append(row)
        head = headings(self.lang, "paths.head")[:len(rows[0])]
        left = [[row[0], row[1].rjust(len(f"{most:,}")), *row[2:]] for row in rows]
        lines = [say(self.lang, "paths.title", n=len(self.paths), total=f"{self.total:,}"), "",
                 *lined_up(head, left, left=len(head))]
        if self.gap is not None:
            lines += ["", *told(say(self.lang, "paths.gap", gap=f"{self.gap:.2g}"))]
        return "\n".join(lines)


    def draw(self, path):
        """Write the histogram of lengths, and of the gradient if an input was given, as a picture (PNG).

        Raises: MissingExtraError without matplotlib.
        """
        panels = [("paths", self.counts)]
        if self.gradients:
            panels.append(("norm of the gradient", [g.norm().item() for g in self.gradients]))
        figure = new_figure("unrolled_paths", 4.5 * len(panels), 3.4)
        for place, (name, numbers) in enumerate(panels, 1):
            axes = figure.add_subplot(1, len(panels), place)
            axes.bar(range(len(numbers)), numbers, color="#4c72b0")
            axes.set_xlabel("blocks on the path")
            axes.set_title(name)
        save(figure, path)


def unrolled_paths(model, x=None, blocks=None, loss=None, limit=12, lang="both"):
    """The 2^n paths of a network with n residual blocks: how many of each length, what they add, what they learn.

    Args: model: a Module whose residual blocks follow each other directly (as in ResNets). x: an input, or its shape;
    None: only the counts. blocks: dict path -> shortcut, for blocks that cannot be told (see `residual_blocks`). loss:
    function of the model's output that gives the number to differentiate; the sum over samples of the largest output if
    None. limit: the most blocks for which the 2^n outputs are walked. lang: "zh", "en" or "both".
    Returns: an `UnrolledPaths`; the model, in evaluation mode meanwhile, is left as it was.
    Raises: ArgumentError if there are no blocks, or other layers stand between them.

    >>> import tinygrad_cnn as tg
    >>> unrolled_paths(tg.nn.models.resnet20()).counts
    [1, 9, 36, 84, 126, 126, 84, 36, 9, 1]
    """
    found = residual_blocks("unrolled_paths", model, blocks)
    result = UnrolledPaths([block.path for block in found], lang)
    if x is None:
        return result
    inputs = model_inputs("unrolled_paths", model, x)
    with untouched(model, training=False):
        states, slope = _walk(model, found, inputs, loss or _largest)
        result.output = states[-1]
        result.gradients = _gradients(found, states, slope)
        result.gradient = sum(result.gradients)
        if len(found) <= limit:
            result.outputs = _outputs(found, states[0])
    return result


def _largest(y):
    return y.flatten(1).amax(1).sum()


def _walk(model, blocks, inputs, loss):
    """([x_0, x_1, ..., x_n], dloss/dx_n): the inputs of the blocks and the output of the last, detached."""
    seen, handles = [], []
    for block in blocks:
        handles.append(block.module.register_forward_hook(
            lambda module, args, output: seen.append((module, args[0], output))))
    try:
        with enable_grad():
            inputs = [x.detach().clone().requires_grad_() if x.is_floating_point() else x for x in inputs]
            number = loss(model(*inputs))
    finally:
        for handle in handles:
            handle.remove()
    if [module for module, _, _ in seen] != [block.module for block in blocks]:
        raise ArgumentError(f"unrolled_paths: {len(blocks)} blocks were found but {len(seen)} calls seen, or in "
                            "another order. Give blocks={path: shortcut} in the order of the forward pass, each called "
                            "once.")
    for one, other, (_, _, y), (_, x, _) in zip(blocks, blocks[1:], seen, seen[1:]):
        if x.writes is not y.writes:
            raise ArgumentError(f"unrolled_paths: between the blocks {one.path!r} and {other.path!r} stand other "
                                "layers. Give blocks={...} that follow each other directly.")
    (slope,) = grad(number, seen[-1][2])
    return [x.detach().clone() for _, x, _ in seen] + [seen[-1][2].detach().clone()], slope


def _gradients(blocks, states, slope):
    """The gradient in x_0, split by the number of blocks that its paths lead through."""
    parts = [slope]                                     # parts[k]: what came through k blocks so far
    for block, x in zip(reversed(blocks), reversed(states[:-1])):
        arrived = cat(parts)                            # one vector after the other along the batch
        through_all, past = _pulled(block, cat([x] * len(parts)), arrived)
        through = (through_all - past).chunk(len(parts))
        past = past.chunk(len(parts))
        parts = [past[0], *(p + f for p, f in zip(past[1:], through[:-1])), through[-1]]
    return [part.detach() for part in parts]


def _pulled(block, x, g):
    """(J^t g, S^t g) of a block and its shortcut at x."""
    with enable_grad():
        x = x.detach().requires_grad_()
        (through_all,) = grad(block.module(x.clone()), x, g)
        if block.is_identity:
            return through_all, g
        (past,) = grad(block.shortcut(x), x, g)
    return through_all, past


def _outputs(blocks, x):
    """The sums of the paths of each length, every path walked: after i blocks the batch holds 2^i of them."""
    with no_grad():
        paths, lengths = x, [0]
        for block in blocks:
            past = block.shortcut(paths)
            paths = cat([past, block.module(paths.clone()) - past])
            lengths += [length + 1 for length in lengths]
        values = paths.chunk(len(lengths))
        return [stack([v for v, k in zip(values, lengths) if k == length]).sum(0) for length in range(len(blocks) + 1)]
