"""Step 1. A number that remembers how it was made.

Each operation returns a new number and, with it, a closure: "when you are told how the result's change counts, this is
how to tell my inputs". That closure is the derivative; everything later is this idea with arrays in place of numbers.
"""


class Value:
    """A number, its gradient, and the closure that passes a gradient on to the numbers it was made from."""

    def __init__(self, data, pass_on=lambda g: None):
        self.data, self.grad, self.pass_on = data, 0.0, pass_on

    def receive(self, g):
        """A gradient arrives: add it to what came before, and pass it on."""
        self.grad += g
        self.pass_on(g)

    def __add__(self, other):
        def pass_on(g):                                 # d(a + b) = da + db
            self.receive(g)
            other.receive(g)
        return Value(self.data + other.data, pass_on)

    def __mul__(self, other):
        def pass_on(g):                                 # d(ab) = b da + a db: the gradients are exchanged
            self.receive(g * other.data)
            other.receive(g * self.data)
        return Value(self.data * other.data, pass_on)


if __name__ == "__main__":
    x, w, b = Value(2.0), Value(-3.0), Value(10.0)
    y = x * w + b                                       # 4
    y.receive(1.0)                                      # dy/dy = 1
    print(f"y = {y.data}   dy/dx = {x.grad}   dy/dw = {w.grad}   dy/db = {b.grad}")
    assert (y.data, x.grad, w.grad, b.grad) == (4.0, -3.0, 2.0, 1.0)

    x = Value(3.0)
    y = x * x + x                                       # x is used three times: its gradients add up
    y.receive(1.0)
    assert x.grad == 2 * 3.0 + 1

    h = 1e-6                                            # the definition of a derivative agrees
    f = lambda x: x * x + x
    assert abs((f(3.0 + h) - f(3.0 - h)) / (2 * h) - x.grad) < 1e-6

    calls = []                                          # what is wrong with it: y = x + x + ..., built by doubling
    x = Value(1.0, pass_on=calls.append)
    y = x
    for _ in range(10):
        y = y + y
    y.receive(1.0)
    print(f"ten additions, {len(calls)} calls")
    assert x.grad == 1024 and len(calls) == 1024

# What we left out: a gradient is passed on each time one arrives, so every path through the graph is walked and the
# work doubles with each addition above. Step 2 waits until a number's gradient is complete.
