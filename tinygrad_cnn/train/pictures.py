"""Pictures of a run, drawn with matplotlib."""
import numpy as np

from ..figures import new_figure, save

_LEGIBLE = 25                                   # classes whose names and counts find room
_TRAIN, _TEST = "#c44e52", "#4c72b0"


def draw_learning_curve(rows, path, title):
    """Loss and accuracy by epoch, training and held-out, as a PNG.

    Args: rows: dicts with epoch, train_loss, train_accuracy, test_loss, test_accuracy (accuracies 0 to 1).
    """
    figure = new_figure("pictures", 10, 4)
    epochs = [row["epoch"] for row in rows]
    for place, (kind, scale, label) in enumerate((("loss", 1, "loss"), ("accuracy", 100, "accuracy (%)")), 1):
        axes = figure.add_subplot(1, 2, place)
        for part, name, colour in (("train", "training", _TRAIN), ("test", "held out", _TEST)):
            axes.plot(epochs, [scale * row[f"{part}_{kind}"] for row in rows], marker="o", markersize=3, color=colour,
                      label=name)
        axes.set_xlabel("epoch")
        axes.set_ylabel(label)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.suptitle(title)
    save(figure, path)


def draw_confusion_matrix(confusion, class_names, path, title):
    """True class (rows) by predicted class (columns) as a PNG, the right answers in blue and the mistakes in red.

    Shapes: confusion (K, K) of counts; class_names K strings. More than 25 classes are drawn without names and counts.
    """
    confusion = np.asarray(confusion)
    figure = new_figure("pictures", 7, 6.4)
    axes = figure.add_subplot()
    axes.imshow(_colours(confusion))
    if len(class_names) <= _LEGIBLE:
        for (row, column), count in np.ndenumerate(confusion):
            if count:
                dark = row == column and 2 * count > confusion.max()
                axes.text(column, row, str(count), ha="center", va="center", color="white" if dark else "black")
        ticks, slanted = range(len(class_names)), max(map(len, class_names)) > 3
        axes.set_xticks(ticks, class_names, rotation=45 if slanted else 0, ha="right" if slanted else "center")
        axes.set_yticks(ticks, class_names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(title)
    save(figure, path)


def draw_filters(weight, path, title):
    """The filters of a convolution as a PNG: in colour if they have three channels, else the first channel in grey.

    Each filter is stretched so that its zeros are grey and its largest number, of either sign, is full.
    Shapes: weight (O, C, KH, KW), a NumPy array; at most 256 filters are drawn.
    """
    filters = np.moveaxis(np.asarray(weight, np.float64)[:256], 1, -1)              # (O, KH, KW, C)
    if filters.shape[-1] != 3:
        filters = np.repeat(filters[..., :1], 3, axis=-1)
    largest = np.abs(filters).max(axis=(1, 2, 3), keepdims=True)
    tiles = 0.5 + 0.5 * filters / np.where(largest > 0, largest, 1)
    count, height, width = tiles.shape[:3]
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    sheet = np.ones((rows * (height + 1) - 1, columns * (width + 1) - 1, 3))        # a white line between tiles
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        sheet[row * (height + 1):, column * (width + 1):][:height, :width] = tile
    figure = new_figure("pictures", 6, 0.4 + 6 * sheet.shape[0] / sheet.shape[1])
    axes = figure.add_subplot()
    axes.imshow(sheet, interpolation="nearest")
    axes.set_axis_off()
    axes.set_title(title)
    save(figure, path)


def _colours(confusion):
    """(K, K) counts -> (K, K, 3) colours: white for none, towards blue on the diagonal, towards red off it."""
    right = np.eye(len(confusion), dtype=bool)
    strength = np.zeros(confusion.shape)
    for part in (right, ~right):
        most = confusion[part].max(initial=0)
        strength[part] = np.sqrt(confusion[part] / most) if most else 0    # the root keeps single mistakes visible
    full = np.where(right[..., None], (0.13, 0.32, 0.62), (0.85, 0.35, 0.30))
    return 1 + strength[..., None] * (full - 1)
