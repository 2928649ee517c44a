"""Say what is in picture files: the five likeliest classes of each, with a bar."""
from .exit_codes import DONE
from .options import add_settings, add_trained, trained_model

_BAR, _SHOWN = 30, 5
_SETTINGS = ("model", "data", "data_dir", "image_size", "device", "threads")


def add_arguments(parser):
    """Declare the arguments of `predict`."""
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="picture files")
    add_trained(parser)
    add_settings(parser, *_SETTINGS)


def run(arguments):
    """Print the predictions; returns 0."""
    from ..autograd import no_grad
    from ..data.photo import load_image
    from ..device import Device
    from ..train.sources import picture_transform
    found = trained_model(arguments, data=_data_like_pictures(arguments))
    transform, device = picture_transform(found.settings), Device(found.settings.device)
    for path in arguments.images:
        image = transform(load_image(path)).unsqueeze(0).to(device)                     # (1, C, H, W)
        with no_grad():
            chances = found.model(image).softmax(1)[0].cpu().tolist()
        print(path)
        for line in likeliest(chances, found.classes):
            print(f"  {line}")
    return DONE


def _data_like_pictures(arguments):
    """The data set whose images the pictures are treated like unless one is named: any folder, if they have colours."""
    from ..nn.models import input_shape
    from ..train.settings import TrainSettings
    channels = input_shape(getattr(arguments, "model", TrainSettings.model))[0]
    return "imagefolder" if channels == 3 else TrainSettings.data


def likeliest(chances, names):
    """The lines for the likeliest classes, from a probability for each class."""
    order = sorted(range(len(chances)), key=lambda k: -chances[k])[:_SHOWN]
    width = max(len(names[k]) for k in order)
    for k in order:
        filled = round(chances[k] * _BAR)
        yield f"{names[k]:<{width}}  {'#' * filled}{'.' * (_BAR - filled)}  {100 * chances[k]:6.2f} %"
