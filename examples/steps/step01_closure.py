"""Step 1. A number that remembers how it was made.

Each operation returns a new number and, with it, a closure: "when you are told how the result's change counts, this is
how to tell my inputs". That closure is the derivative; everything later is this idea with arrays in place of numbers.

每次运算返回一个新的数，并附带一个闭包：“得知结果的变化有多重要之后，就这样告诉我的输入”。这个闭包就是导数（链式法则的一环）。
以后的一切都是这个想法，只是把数换成数组。
"""


class Value:
    """A number, its gradient, and the closure that passes a gradient on to the numbers it was made from."""

    def __init__(self, data, pass_on=lambda g: None):       # a number that was not made from others passes nothing on
        self.data, self.grad, self.pass_on = data, 0.0, pass_on

    def receive(self, g):
        """A gradient arrives: add it to what came before, and pass it on."""
        self.grad += g
        self.pass_on(g)

    def __add__(self, other):
        def pass_on(g):                                 # d(a + b) = da + db: each gets g
            self.receive(g)
            other.receive(g)
        return Value(self.data + other.data, pass_on)

    def __mul__(self, other):
        def pass_on(g):                                 # d(ab) = b da + a db: g times the other factor
            self.receive(g * other.data)
            other.receive(g * self.data)
        return Value(self.data * other.data, pass_on)


def show(x, w, b, product, y):
    """The graph of y = x * w + b twice, as the book draws it: forward with the values, backward with the gradients."""
    for title, of, arrow in (("forward", lambda v: v.data, "->"), ("backward", lambda v: v.grad, "<-")):
        print(f"{title}:")
        print(f"  x {of(x):5} --.")
        print(f"             * {arrow} {of(product):5} --.")
        print(f"  w {of(w):5} --'             + {arrow} y {of(y):5}")
        print(f"  b {of(b):5} ----------------'")


if __name__ == "__main__":
    x, w, b = Value(2.0), Value(-3.0), Value(10.0)
    product = x * w
    y = product + b                                     # -6 + 10 = 4
    y.receive(1.0)                                      # y changes as much as y: dy/dy = 1 starts the backward pass
    show(x, w, b, product, y)
    assert y.data == 4.0
    assert (x.grad, w.grad, b.grad) == (-3.0, 2.0, 1.0)     # dy/dx = w, dy/dw = x, dy/db = 1

    x = Value(3.0)
    y = x * x + x                                       # x is used three times: its gradients add up
    y.receive(1.0)
    print(f"y = x * x + x at x = 3: dy/dx = {x.grad}")
    assert x.grad == 2 * 3.0 + 1

    h = 1e-6                                            # the definition of a derivative agrees
    f = lambda x: x * x + x
    assert abs((f(3.0 + h) - f(3.0 - h)) / (2 * h) - x.grad) < 1e-6

    arrived = []                                        # what is wrong with it: y = y + y, ten times over
    x = Value(1.0, pass_on=arrived.append)              # this x notes every gradient that arrives
    y = x
    for _ in range(10):
        y = y + y
    y.receive(1.0)
    print(f"y = y + y, ten times: {len(arrived)} gradients arrive at x, one for each path")
    assert x.grad == 1024 and len(arrived) == 1024

# What we left out: a gradient is passed on each time one arrives, so every path through the graph is walked and the
# work doubles with each addition above. Step 2 waits until a number's gradient is complete.
