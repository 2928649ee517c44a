"""Step 5. The op table: a page of derivatives.

An operation is its function on arrays and one rule for each input, nothing else. A rule's parameter names say which
values it needs: the inputs, or the output y. The rules are written with operations on tensors, not with NumPy, so the
backward pass is a computation like any other, and can itself be differentiated (step 14).

一个运算就是：它在数组上的函数，加上每个输入的一条规则，别无其他。规则的参数名说明它需要哪些值：输入，或输出 y。
规则用张量运算写成，不用 NumPy，所以反向传播也是一次普通的计算，可以再求导（第 14 步）。

What is new against step 4: methods that compute and record become entries of a table; a tensor knows whether its
gradient is wanted (requires_grad); the backward pass is a function of its own. The sweep itself is that of step 2.
"""
import heapq
import itertools
from inspect import signature

import numpy as np
from step04_broadcasting import sum_to as sum_to_array

clock = itertools.count()


class Tensor:
    """An array; whether its gradient is wanted, and the gradient; the node that made it. No arithmetic in here."""
    __array_priority__ = 1                              # array * tensor: NumPy leaves it to the tensor

    def __init__(self, array, requires_grad=False):
        self.array = np.asarray(array, float)
        self.requires_grad, self.grad, self.node = requires_grad, None, None

    @property
    def shape(self):
        return self.array.shape

    def backward(self):
        backward(self)


class Node:
    """That an op was run, on which tensors, with which result."""

    def __init__(self, op, inputs, y, attrs):
        self.id, self.op, self.inputs = next(clock), op, inputs
        self.values = {**dict(zip(op.rules, inputs)), "y": y, **attrs}

    def gradients(self, g):
        """For each input its rule's gradient, in the input's shape; None where none is wanted."""
        for x, (name, rule) in zip(self.inputs, self.op.rules.items()):
            if x.requires_grad and rule is not None:
                gx = rule(g, **{wanted: self.values[wanted] for wanted in self.op.wanted[name]})
                yield x, gx if gx.shape == x.shape else sum_to(gx, shape=x.shape)


class Op:
    """An operation: `forward` on arrays and, for each input, by name, its derivative's rule (None: it has none)."""
    recording = True                                    # off inside a backward pass, unless create_graph asks for it

    def __init__(self, forward, **rules):
        self.forward, self.rules = forward, rules
        self.wanted = {name: list(signature(rule).parameters)[1:] for name, rule in rules.items() if rule}   # after g

    def __call__(self, *inputs, **attrs):
        inputs = [x if isinstance(x, Tensor) else Tensor(x) for x in inputs]
        y = Tensor(self.forward(*(x.array for x in inputs), **attrs))
        if Op.recording and any(x.requires_grad for x in inputs):
            y.requires_grad, y.node = True, Node(self, inputs, y, attrs)
        return y


def backward(y, create_graph=False, only=None):
    """Add y's gradient to .grad of every leaf it was made from, or of one; create_graph: record this pass as well."""
    before, Op.recording = Op.recording, create_graph
    due, heap = {}, []

    def give(x, g):                                     # a gradient g arrives at x: a leaf keeps it, a node collects
        if x.node is None:
            if only is None or x is only:
                x.grad = g if x.grad is None else x.grad + g
        elif x.node.id in due:
            due[x.node.id] = (x.node, due[x.node.id][1] + g)
        else:
            due[x.node.id] = (x.node, g)
            heapq.heappush(heap, -x.node.id)

    give(y, Tensor(np.ones(y.shape)))
    while heap:
        node, g = due.pop(-heapq.heappop(heap))
        for x, gx in node.gradients(g):
            give(x, gx)
    Op.recording = before


# ---- the table: the rule's first parameter is the incoming gradient -------------------------------------------------
add = Op(np.add, a=lambda g: g, b=lambda g: g)
sub = Op(np.subtract, a=lambda g: g, b=lambda g: -g)
mul = Op(np.multiply, a=lambda g, b: g * b, b=lambda g, a: g * a)
div = Op(np.divide, a=lambda g, b: g / b, b=lambda g, b, y: -g * y / b)
neg = Op(np.negative, x=lambda g: -g)
exp = Op(np.exp, x=lambda g, y: g * y)
log = Op(np.log, x=lambda g, x: g / x)
tanh = Op(np.tanh, x=lambda g, y: g * (1 - y * y))
step = Op(lambda x: (x > 0) * 1.0, x=None)              # its derivative is 0
relu = Op(lambda x: np.maximum(x, 0), x=lambda g, x: g * step(x))
matmul = Op(np.matmul, a=lambda g, b: g @ transpose(b), b=lambda g, a: transpose(a) @ g)
transpose = Op(np.transpose, x=lambda g: transpose(g))
reshape = Op(lambda x, shape: x.reshape(shape), x=lambda g, x: reshape(g, shape=x.shape))
# summing and repeating are each other's derivative
sum_to = Op(sum_to_array, x=lambda g, x: repeat_to(g, shape=x.shape))
repeat_to = Op(lambda x, shape: np.broadcast_to(x, shape), x=lambda g, x: sum_to(g, shape=x.shape))

# x + y calls Tensor.__add__, array + y calls Tensor.__radd__; op=op holds on to the op of this turn of the loop
for name, op in {"add": add, "sub": sub, "mul": mul, "truediv": div, "matmul": matmul}.items():
    setattr(Tensor, f"__{name}__", lambda a, b, op=op: op(a, b))
    setattr(Tensor, f"__r{name}__", lambda a, b, op=op: op(b, a))
Tensor.__neg__ = lambda x: neg(x)


def total(x):
    """The sum of all numbers."""
    return sum_to(x, shape=())


if __name__ == "__main__":
    for name in ("add", "mul", "div", "exp"):           # what each rule needs, read off its parameters
        print(f"{name}: {globals()[name].wanted}")
    assert mul.wanted == {"a": ["b"], "b": ["a"]} and exp.wanted == {"x": ["y"]}

    random = np.random.default_rng(0)                   # a layer, along one random direction v for each parameter
    X = Tensor(random.normal(size=(5, 3)))
    W, b = Tensor(random.normal(size=(3, 2)), True), Tensor(random.normal(size=2), True)
    y = total(exp(tanh(X @ W + b)) / 2)
    y.backward()
    h = 1e-6
    for parameter in (W, b):
        v, start = random.normal(size=parameter.shape), parameter.array
        values = []
        for sign in (1, -1):
            parameter.array = start + sign * h * v
            values.append(total(exp(tanh(X @ W + b)) / 2).array)
        parameter.array = start
        slope = (values[0] - values[1]) / (2 * h)
        print(f"slope {slope:.8f}, <gradient, direction> {(parameter.grad.array * v).sum():.8f}")
        assert abs(slope - (parameter.grad.array * v).sum()) < 1e-7
    assert X.grad is None                               # not asked for
    assert W.grad.node is None                          # the backward pass was not recorded

# What we left out: names say what a rule needs, but our node holds all inputs and y, so nothing is freed early, and
# node and y hold each other. The engine keeps exactly what the names say, and edges in place of tensors.
