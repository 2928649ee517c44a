"""Gradients checked against differences of the function itself.

The idea: for random v (the size of the outputs) and u (the size of the inputs), the two sides of

    <v, f(x + eps u) - f(x - eps u)> / (2 eps)  =  <J^T v, u>

are numbers; one backward pass and two evaluations compare them, whatever the sizes. Only if they differ by more than
rounding is the place searched for: the argument, the index, both values, and whether the function has a kink there. A
second pass, with inputs and incoming gradients strided in memory, must give the same: rules that read memory instead of
elements are wrong there only.
"""
import numpy as np

from ..autograd import grad
from ..errors import ArgumentError, TinygradError
from ..tensor import Tensor

SEARCHED = 10_000     # elements of the inputs up to which a difference below the tolerance is looked into one by one


class GradcheckError(TinygradError, RuntimeError):
    """A gradient that is not the derivative, or a function that cannot be checked."""


def gradcheck(func, inputs, *, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True, nondet_tol=0.0, full=False,
              seed=0):
    """Check the gradients of `func` at `inputs` by central differences.

    Unlike PyTorch's, it compares one random projection of the Jacobian (see the module) unless `full`, and localises a
    failure.

    Args:
        func: a function of `inputs` returning a Tensor or a tuple of them. inputs: a Tensor or a sequence; float64
            tensors with requires_grad=True are checked, anything else is passed on as it is.
        eps: the step. atol, rtol: how far the two sides may differ. nondet_tol: how far two evaluations may differ.
        raise_exception: return False instead of raising when False. full: compare every element of every gradient.
    Returns: True.
    Raises: GradcheckError naming the argument, the index, both values and the step; ArgumentError if nothing can be
        checked.

    >>> import tinygrad_cnn as tg
    >>> gradcheck(lambda x: x * x, tg.tensor([1.0, 2.0], dtype=tg.float64, requires_grad=True))
    True
    """
    check = _Check(func, inputs, eps, atol, rtol, nondet_tol, seed)
    try:
        check.run(full)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(func, inputs, grad_outputs=None, *, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True,
                  nondet_tol=0.0, full=False, seed=0):
    """Check the second derivatives: `gradcheck` of the function that computes the gradients.

    Args: grad_outputs: gradients to start from, one for each output (random ones if not given); they are differentiated
        too. The others are as for `gradcheck`.

    >>> import tinygrad_cnn as tg
    >>> gradgradcheck(lambda x: x.exp(), tg.tensor([0.5], dtype=tg.float64, requires_grad=True))
    True
    """
    inputs = _as_tuple(inputs)
    live = [k for k, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    outputs = [y for y in _as_tuple(func(*inputs)) if isinstance(y, Tensor) and y.requires_grad]
    if grad_outputs is None:
        rng = np.random.default_rng(seed + 1)
        values = [rng.uniform(0.5, 1.5, y.array.shape).astype(y.array.dtype) for y in outputs]
        grad_outputs = [Tensor(y.device.xp.asarray(v), y.device).requires_grad_() for y, v in zip(outputs, values)]
    grad_outputs = _as_tuple(grad_outputs)
    if not outputs:
        return True

    def gradients(*args):
        given, gs = args[:len(inputs)], args[len(inputs):]
        given = tuple(Tensor(x.array, x.device).requires_grad_() if k in live and not x.requires_grad else x
                      for k, x in enumerate(given))
        ys = [y for y in _as_tuple(func(*given)) if isinstance(y, Tensor) and y.requires_grad]
        return grad(ys, [given[k] for k in live], gs, create_graph=True, materialize_grads=True)

    return gradcheck(gradients, (*inputs, *grad_outputs), eps=eps, atol=atol, rtol=rtol,
                     raise_exception=raise_exception, nondet_tol=nondet_tol, full=full, seed=seed)


def _as_tuple(x):
    return tuple(x) if isinstance(x, (tuple, list)) else (x,)


def _strided(array, device):
    """A Tensor of the same values that are every other element in memory."""
    return Tensor(device.xp.stack([array, array], -1)[..., 0], device)


class _Check:
    """One check: the inputs, and the numbers v and u of the projection."""

    def __init__(self, func, inputs, eps, atol, rtol, nondet_tol, seed):
        self.func, self.inputs = func, _as_tuple(inputs)
        self.eps, self.atol, self.rtol, self.nondet_tol = eps, atol, rtol, nondet_tol
        self.live = [k for k, x in enumerate(self.inputs) if isinstance(x, Tensor) and x.requires_grad]
        if not self.live:
            raise ArgumentError("gradcheck: none of the inputs is a tensor with requires_grad=True, so there is "
                                "nothing to check. Make the inputs with dtype=tg.float64, requires_grad=True.")
        for k in self.live:
            if self.inputs[k].dtype.name != "float64":
                raise ArgumentError(f"gradcheck: input {k} is {self.inputs[k].dtype}, too coarse for differences with "
                                    f"a step of {eps}. Make it float64 (x.double()), or set "
                                    "tg.set_default_dtype(tg.float64).")
        self.rng = np.random.default_rng(seed)
        self.host = {k: self.inputs[k].device.asnumpy(self.inputs[k].array).astype(np.float64) for k in self.live}

    def evaluate(self, arrays):
        """The outputs, as host arrays, with the live inputs replaced."""
        args = list(self.inputs)
        for k in self.live:
            x = self.inputs[k]
            args[k] = Tensor(x.device.xp.asarray(arrays[k]), x.device)
        return [y.device.asnumpy(y.array) if isinstance(y, Tensor) else y for y in _as_tuple(self.func(*args))]

    def value(self, arrays):
        """<v, outputs>, over the outputs that have gradients."""
        outputs = self.evaluate(arrays)
        return float(sum((self.v[k] * outputs[k]).sum() for k in self.smooth))

    def run(self, full):
        outputs = _as_tuple(self.func(*self.inputs))
        again = self.evaluate(self.host)
        for k, (y, z) in enumerate(zip(outputs, again)):
            if isinstance(y, Tensor):
                self.same_twice(k, y.device.asnumpy(y.array), z)
        self.smooth = [k for k, y in enumerate(outputs) if isinstance(y, Tensor) and y.dtype.is_floating_point]
        if not self.smooth:
            raise ArgumentError("gradcheck: func returned no floating-point tensor, so there is nothing to "
                                "differentiate.")
        for k in self.smooth:
            self.refuse_nan(k, again[k])
        self.v = {k: self.rng.uniform(0.5, 1.5, outputs[k].array.shape) for k in self.smooth}
        gradients = self.gradients(outputs)
        directions = {k: self.rng.uniform(-1.0, 1.0, x.shape) for k, x in self.host.items()}
        analytic = float(sum((gradients[k] * directions[k]).sum() for k in self.live))
        numeric = self.slope(directions)
        self.noise = self.rounding(outputs, gradients)
        suspicious = not abs(analytic - numeric) <= self.noise and sum(x.size for x in self.host.values()) <= SEARCHED
        if full or suspicious or not self.close(analytic, numeric):
            self.localise(gradients, numeric, analytic, full)
        self.same_when_strided(outputs, gradients)

    def refuse_nan(self, number, output):
        """Differences of nan are nan: nothing can be checked where the function is not defined."""
        where = np.argwhere(np.isnan(output))
        if len(where):
            place = tuple(int(i) for i in where[0])
            raise GradcheckError(f"gradcheck: {self.named()} gives nan for output {number} at {place}, where there is "
                                 "no slope. Check at inputs for which it is defined.")

    def rounding(self, outputs, gradients):
        """What differences can be off by: rounding of the outputs over the step, and the step's own square."""
        values = sum(float(np.abs(self.v[k] * outputs[k].device.asnumpy(outputs[k].array)).sum()) for k in self.smooth)
        slopes = sum(float(np.abs(g).sum()) for g in gradients.values())
        return 1e-15 / self.eps * values + (self.eps + 10 * self.eps ** 2) * slopes

    def same_when_strided(self, outputs, gradients):
        """The inputs and incoming gradients as every other element of something larger: nothing else may come out."""
        args = list(self.inputs)
        for k in self.live:
            args[k] = _strided(args[k].array, args[k].device).requires_grad_()
        try:
            found = _as_tuple(self.func(*args))
        except TinygradError:                           # it takes contiguous input only, and says so
            return
        for k in self.smooth:
            self.compare(f"output {k}", outputs[k].device.asnumpy(outputs[k].array),
                         found[k].device.asnumpy(found[k].array))
        again = self.gradients(found, args, _strided)
        for k in self.live:
            self.compare(f"the gradient of {self.named()} for argument {k}", gradients[k], again[k])

    def compare(self, what, plain, strided):
        same = np.isclose(strided, plain, rtol=self.rtol, atol=self.atol, equal_nan=True)
        if not same.all():
            index = tuple(map(int, np.argwhere(~same)[0]))
            raise GradcheckError(f"gradcheck: {what} at index {index} is {float(plain[index]):.8g}, but "
                                 f"{float(strided[index]):.8g} where inputs and incoming gradients are strided in "
                                 "memory. Read elements, not memory: use the array's own strides, or a contiguous "
                                 "copy.")

    def same_twice(self, k, first, second):
        if first.shape != second.shape or not np.allclose(first, second, rtol=0, atol=self.nondet_tol, equal_nan=True):
            raise GradcheckError(f"gradcheck: output {k} differs between two evaluations at the same inputs, so it has "
                                 "no derivative to check. Fix the random numbers inside func (tg.manual_seed).")

    def gradients(self, outputs, inputs=None, laid=Tensor):
        """The gradients of <v, outputs>, as host arrays (zeros where nothing flows); `laid` makes v Tensors."""
        inputs = self.inputs if inputs is None else inputs
        ys = [(outputs[k], self.v[k]) for k in self.smooth if outputs[k].requires_grad]
        if not ys:
            return {k: np.zeros_like(x) for k, x in self.host.items()}
        starts = [laid(y.device.xp.asarray(v.astype(y.array.dtype)), y.device) for y, v in ys]
        found = grad([y for y, _ in ys], [inputs[k] for k in self.live], starts, allow_unused=True,
                     materialize_grads=False, retain_graph=True)
        return {k: np.zeros_like(self.host[k]) if g is None else g.device.asnumpy(g.array)
                for k, g in zip(self.live, found)}

    def slope(self, directions):
        up = {k: x + self.eps * directions[k] for k, x in self.host.items()}
        down = {k: x - self.eps * directions[k] for k, x in self.host.items()}
        return (self.value(up) - self.value(down)) / (2 * self.eps)

    def close(self, a, b):
        return bool(np.isclose(a, b, rtol=self.rtol, atol=self.atol)) or (a != a and b != b)

    def localise(self, gradients, numeric, analytic, full):
        """Find the element whose gradient is furthest off, and say what is wrong there."""
        worst = None
        for k in self.live:
            for index in np.ndindex(self.host[k].shape):
                unit = {j: np.zeros_like(x) for j, x in self.host.items()}
                unit[k][index] = 1.0
                expected, got = self.slope(unit), float(gradients[k][index])
                if not (self.close(got, expected) or abs(got - expected) <= self.noise):
                    off = abs(got - expected) if got == got and expected == expected else np.inf
                    if worst is None or off > worst[0]:
                        worst = off, k, index, got, expected, unit
        if worst is None:
            if full or self.close(analytic, numeric):
                return
            raise GradcheckError(f"gradcheck: along a random direction the gradient gives {analytic:.8g} but "
                                 f"differences with step {self.eps} give {numeric:.8g}, though every single element "
                                 "agrees. Rounding: try smaller inputs or another step.")
        _, k, index, got, expected, unit = worst
        where, got, expected = self.entry(k, index, unit) or ("", got, expected)
        raise GradcheckError(f"gradcheck: the gradient of {self.named()}{where} for argument {k} at index {index} is "
                             f"{got:.8g}, but differences with step {self.eps} give {expected:.8g} (input "
                             f"{self.host[k][index]:.8g})." + self.kink(unit))

    def entry(self, k, index, unit):
        """(which output element, its gradient, its slope) for the worst entry of one column of the Jacobian."""
        up = self.evaluate({j: x + self.eps * unit[j] for j, x in self.host.items()})
        down = self.evaluate({j: x - self.eps * unit[j] for j, x in self.host.items()})
        worst, everything = None, self.v
        for j in self.smooth:
            slopes = (up[j] - down[j]) / (2 * self.eps)
            for place in np.ndindex(slopes.shape):
                self.v = {i: np.zeros_like(v) for i, v in everything.items()}
                self.v[j][place] = 1.0
                got = float(self.gradients(_as_tuple(self.func(*self.inputs)))[k][index])
                off = abs(got - slopes[place])
                if worst is None or not off <= worst[0]:
                    worst = off, f" (output {j} at {place})", got, float(slopes[place])
        self.v = everything
        return worst and worst[1:]

    def named(self):
        """The op that made the first output, or func's own name."""
        outputs = _as_tuple(self.func(*self.inputs))
        node = next((y.grad_fn for y in outputs if isinstance(y, Tensor) and y.grad_fn), None)
        name = getattr(self.func, "__name__", type(self.func).__name__)
        return name if node is None else f"{name} (last op {node.name().removesuffix('Backward')})"

    def kink(self, unit):
        """A sentence if the slopes to the two sides differ."""
        here = self.value(self.host)
        right = (self.value({k: x + self.eps * unit[k] for k, x in self.host.items()}) - here) / self.eps
        left = (here - self.value({k: x - self.eps * unit[k] for k, x in self.host.items()})) / self.eps
        if abs(right - left) <= 1e-2 * max(1.0, abs(right), abs(left)):
            return ""
        return (f" The slope is {left:.4g} to the left and {right:.4g} to the right: there is a kink or a tie here, "
                "where no single derivative exists. Check at another point.")
