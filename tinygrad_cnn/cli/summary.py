"""Show a model layer by layer: what each makes, sees and costs."""
from .exit_codes import DONE


def add_arguments(parser):
    """Declare the arguments of `summary`."""
    add = parser.add_argument
    add("model", metavar="MODEL", help="name of a network; `models` lists them")
    add("--shape", metavar="N,C,H,W", type=_shape, help="of the input (one image of the size it was designed for)")
    add("--lang", choices=("zh", "en", "both"), default="both", help="language of the headings (%(default)s)")


def run(arguments):
    """Print the table; returns 0."""
    from ..nn.models import get_model, input_shape
    from ..teach.summary import summary
    shape = arguments.shape or (1, *input_shape(arguments.model))
    print(summary(get_model(arguments.model), shape, lang=arguments.lang))
    return DONE


def _shape(text):
    shape = tuple(int(word) for word in text.split(","))
    if len(shape) != 4 or min(shape) < 1:
        raise ValueError
    return shape


_shape.__name__ = "shape"                                   # argparse names it: invalid shape value: '3,32'
