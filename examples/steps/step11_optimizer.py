"""Step 11. An optimizer: a rule for using gradients.

Gradient descent, with momentum, and Adam. They change arrays in place and know nothing of graphs: a parameter's array
and its gradient are all they see.

梯度下降、动量、Adam：它们原地改写数组，对图一无所知，只看参数的数组和梯度。
"""
import numpy as np
from step05_op_table import Tensor, total
from step06_gradcheck import cross_entropy
from step10_module import Linear, ReLU, Sequential


class SGD:
    """v = momentum v + g, p = p - lr v."""

    def __init__(self, parameters, lr, momentum=0.0):
        self.parameters, self.lr, self.momentum = list(parameters), lr, momentum
        self.velocity = [np.zeros(p.shape) for p in self.parameters]

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None

    def step(self):
        for p, v in zip(self.parameters, self.velocity):
            v *= self.momentum
            v += p.grad.array
            p.array -= self.lr * v


class Adam(SGD):
    """Steps of about the same size for every number: the mean gradient over its root mean square."""

    def __init__(self, parameters, lr, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(parameters, lr)
        self.betas, self.eps, self.steps = betas, eps, 0
        self.square = [np.zeros(p.shape) for p in self.parameters]

    def step(self):
        self.steps += 1
        b1, b2 = self.betas
        for p, m, s in zip(self.parameters, self.velocity, self.square):
            g = p.grad.array
            m += (1 - b1) * (g - m)
            s += (1 - b2) * (g * g - s)
            mean, square = m / (1 - b1 ** self.steps), s / (1 - b2 ** self.steps)   # they start from zero: corrected
            p.array -= self.lr * mean / (np.sqrt(square) + self.eps)


def steps_needed(make, limit=1000):
    """How many steps until f(x) = (100 a^2 + b^2) / 2, a long narrow valley, is below 1e-6, from (1, 1)."""
    x = Tensor(np.ones(2), requires_grad=True)
    optimizer = make([x])
    for k in range(limit):
        f = total(x * x * np.array([50.0, 0.5]))
        if f.array < 1e-6:
            return k
        optimizer.zero_grad()
        f.backward()
        optimizer.step()
    return limit


if __name__ == "__main__":
    counts = {"SGD": steps_needed(lambda p: SGD(p, lr=0.018)),
              "momentum": steps_needed(lambda p: SGD(p, lr=0.03, momentum=0.8)),
              "Adam": steps_needed(lambda p: Adam(p, lr=0.1))}
    print("steps through the valley:", counts)
    assert counts["momentum"] < counts["SGD"] / 3 and counts["Adam"] < 1000

    X, y = np.array([[0., 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])      # exclusive or
    network = Sequential(Linear(2, 8), ReLU(), Linear(8, 2))
    optimizer = Adam(network.parameters(), lr=0.05)
    for _ in range(100):
        optimizer.zero_grad()
        loss = cross_entropy(network(Tensor(X)), y)
        loss.backward()
        optimizer.step()
    print(f"exclusive or: loss {loss.array:.4f}")
    assert network(Tensor(X)).array.argmax(axis=1).tolist() == y.tolist() and loss.array < 0.05

# What we left out: weight decay, groups of parameters, schedules, clipping. And a trap: a graph made before step() must
# not be used after it, its saved arrays have changed. The engine counts writes and refuses.
