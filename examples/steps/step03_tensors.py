"""Step 3. Arrays in place of numbers.

The engine of step 2 never looked inside `data`. Put NumPy arrays there, and what is new is the operations on whole
arrays: a gradient has the shape of its array, and the rules of sum and matmul say where each number goes.

第 2 步的引擎从不看 data 里面是什么。放进 NumPy 数组，新的只是对整个数组的运算：
梯度与数组同形，求和与矩阵乘法的规则说明每个数去哪里。
"""
import heapq
import itertools

import numpy as np

clock = itertools.count()


class Tensor:
    """An array, its gradient, and how it was made."""

    def __init__(self, data, inputs=(), rule=None):
        self.data, self.inputs, self.rule = np.asarray(data, float), inputs, rule
        self.id = next(clock)
        self.grad = None

    def __add__(self, other):
        return Tensor(self.data + other.data, (self, other), lambda g: (g, g))

    def __mul__(self, other):
        return Tensor(self.data * other.data, (self, other), lambda g: (g * other.data, g * self.data))

    def __matmul__(self, other):
        # y_ik = Σ_j a_ij b_jk, so a_ij counts g_ik b_jk for every k, and b_jk counts a_ij g_ik for every i:
        #   ∂L/∂a_ij = Σ_k g_ik b_jk    g @ b^T   (I, K) @ (K, J) -> (I, J)
        #   ∂L/∂b_jk = Σ_i a_ij g_ik    a^T @ g   (J, I) @ (I, K) -> (J, K)
        return Tensor(self.data @ other.data, (self, other), lambda g: (g @ other.data.T, self.data.T @ g))

    def sum(self):
        # a change of any number is a change of the sum: each gets the one gradient g
        return Tensor(self.data.sum(), (self,), lambda g: (np.full(self.data.shape, g),))

    def tanh(self):
        y = np.tanh(self.data)
        return Tensor(y, (self,), lambda g: (g * (1 - y * y),))

    def backward(self):
        """As in step 2, with arrays. It starts from ones: what is differentiated is the sum of self's numbers."""
        due, heap = {self.id: (self, np.ones(self.data.shape))}, [-self.id]
        while heap:
            tensor, g = due.pop(-heapq.heappop(heap))
            if tensor.rule is None:
                tensor.grad = g if tensor.grad is None else tensor.grad + g
                continue
            for x, gx in zip(tensor.inputs, tensor.rule(g)):
                if x.id in due:
                    due[x.id] = (x, due[x.id][1] + gx)
                else:
                    due[x.id] = (x, gx)
                    heapq.heappush(heap, -x.id)


if __name__ == "__main__":
    x = Tensor([1.0, 2.0, 3.0])
    (x * x).sum().backward()
    assert x.grad.tolist() == [2, 4, 6]

    random = np.random.default_rng(0)                   # a layer: Σ tanh(XW), its gradient against differences
    X, W = Tensor(random.normal(size=(5, 3))), Tensor(random.normal(size=(3, 2)))
    (X @ W).tanh().sum().backward()
    h = 1e-6
    for i, j in np.ndindex(3, 2):
        step = np.zeros((3, 2))
        step[i, j] = h
        f = lambda W: np.tanh(X.data @ W).sum()
        assert abs((f(W.data + step) - f(W.data - step)) / (2 * h) - W.grad[i, j]) < 1e-8
    print(f"W.grad =\n{W.grad}")

    b = Tensor(np.zeros(2))                             # what is wrong with it: a bias is added to every row ...
    (X @ W + b).sum().backward()
    print(f"b has shape {b.data.shape}, its gradient {b.grad.shape}")
    assert b.grad.shape == (5, 2)                       # ... and gets the gradient of the rows, not its own

# What we left out: broadcasting (step 4). Gradients are bare arrays, so they cannot be differentiated again (step 5).
