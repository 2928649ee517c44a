"""CUDA text, in one registry: what is computed for one element, compiled by CuPy when a kernel is first called.

A source is kept as data so that a test can compile every one with nvcc, and run its arithmetic on a CPU, on machines
without a GPU. Types: T is the dtype of the array it names first; `wide<T>::type` is what T computes in, float for 16
bits.
"""

SOURCES = {}

WIDE = """
template <typename T> struct wide { typedef float type; };
template <> struct wide<double> { typedef double type; };
"""


class Elementwise:
    """A kernel that does the same for every element of its arrays.

    Args:
        name: its name in the registry and in profiles.
        inputs, outputs: parameters as CuPy writes them, "G g, float64 lr"; an output's old value may be read. A `raw`
            one is indexed by the text itself, and `i` counts elements.
        operation: CUDA C++ for one element.
    """

    def __init__(self, name, inputs, outputs, operation):
        self.name, self.inputs, self.outputs, self.operation = name, inputs, outputs, operation
        self._compiled = None
        SOURCES[name] = self

    def __call__(self, *arguments, size=None):
        """Run it: the inputs, then the outputs, arrays of the device."""
        if self._compiled is None:
            import cupy
            self._compiled = cupy.ElementwiseKernel(self.inputs, self.outputs, self.operation,
                                                    f"tinygrad_cnn_{self.name}", preamble=WIDE)
        return self._compiled(*arguments) if size is None else self._compiled(*arguments, size=size)
