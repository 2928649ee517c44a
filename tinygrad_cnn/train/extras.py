"""What training needs that is not installed with the package."""
from importlib.util import find_spec

from ..errors import MissingExtraError


def require_extra(*packages):
    """Refuse to begin what could not be finished.

    Raises: MissingExtraError naming the packages that are not installed.
    """
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise MissingExtraError(f"train: {', '.join(missing)} not installed. Run: pip install 'tinygrad_cnn[train]'")
