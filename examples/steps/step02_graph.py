"""Step 2. Newest first: each node once.

If a number waits until all of its gradient has arrived, it needs to pass it on only once. Who is complete? The newest
number that has not been worked off: all that was made from it is newer still, and done. So a heap of creation numbers
is all the sorting there is, without recursion.

一个数等到梯度到齐再往下传，就只需传一次。谁到齐了？最新的那个：由它算出的数都比它更新，都已处理完。
所以只要一个按创建次序的堆，不用递归。
"""
import heapq
import itertools

clock = itertools.count()


class Value:
    """A number, when it was made, what it was made from, and how to pass its gradient on."""

    def __init__(self, data, inputs=(), rule=None):
        self.data, self.inputs, self.rule = data, inputs, rule
        self.id = next(clock)
        self.grad = 0.0

    def __add__(self, other):
        return Value(self.data + other.data, (self, other), lambda g: (g, g))

    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), lambda g: (g * other.data, g * self.data))

    def backward(self):
        """Add dself/dx to x.grad for every leaf x that self was made from.

        Returns: (number, its complete gradient) for each node, in the order of the visits.
        """
        due = {self.id: (self, 1.0)}                    # creation number -> the value and the gradient arrived so far
        heap = [-self.id]                               # heapq gives the smallest, we want the newest: minus signs
        visits = []
        while heap:
            value, g = due.pop(-heapq.heappop(heap))    # no other number can still send to this one: g is complete
            visits.append((value.data, g))
            if value.rule is None:                      # a leaf: here the gradient stays
                value.grad += g
                continue
            for x, gx in zip(value.inputs, value.rule(g)):
                if x.id not in due:
                    due[x.id] = (x, 0.0)
                    heapq.heappush(heap, -x.id)
                due[x.id] = (x, due[x.id][1] + gx)
        return visits


if __name__ == "__main__":
    x = Value(1.0)
    y = x
    for _ in range(10):
        y = y + y
    visits = y.backward()
    print(f"ten additions, {len(visits)} nodes visited")
    assert x.grad == 1024 and len(visits) == 11         # in step 1, 1,024 gradients arrived

    x = Value(1.0)                                      # no recursion: depth is no limit
    y = x
    for _ in range(50_000):
        y = y + x
    y.backward()
    assert x.grad == 50_001

    x, w = Value(3.0), Value(4.0)                       # a second pass adds
    for _ in range(2):
        (x * w).backward()
    assert (x.grad, w.grad) == (8.0, 6.0)

    x = Value(2.0)      # x**4 = (x*x)*(x*x): the inner node passes on once, with all it got
    square = x * x
    visits = (square * square).backward()
    for number, gradient in visits:
        print(f"  number {number:4}: gradient {gradient}")
    assert visits == [(16.0, 1.0), (4.0, 8.0), (2.0, 32.0)]
    assert x.grad == 4 * 2.0 ** 3

# What we left out: y.backward() twice on one graph works here because nothing is freed; an engine frees what it saved.
# A rule computes both gradients even where one of them is not wanted. And one number at a time is slow: step 3.
