"""List the models: their names, parameters and the images they were designed for."""
from .exit_codes import DONE


def add_arguments(parser):
    """Declare the argument of `models`."""
    parser.add_argument("pattern", nargs="?", metavar="PATTERN", help="only names like this one, such as 'resnet*'")


def run(arguments):
    """Print the table; returns 0."""
    from ..nn.models import get_model, input_shape, list_models
    from ..nn.utils import skip_init
    print(f"{'model':<20}  {'parameters':>11}  image")
    for name in list_models(arguments.pattern):
        model = skip_init(get_model, name)
        parameters = sum(parameter.shape.numel() for parameter in model.parameters())
        print(f"{name:<20}  {parameters:>11,}  {'x'.join(map(str, input_shape(name)))}")
    return DONE
