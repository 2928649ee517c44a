"""The loader: from a data set to batches, in the caller's thread or ahead of it in others."""
from itertools import chain, count, islice

from ..errors import ArgumentError, ArgumentTypeError, DataError
from ..generator import Generator, default_generator
from .collate import default_collate, default_convert
from .dataset import IterableDataset, take_batch
from .draws import draw_for
from .sampler import BatchSampler, RandomSampler, SequentialSampler
from .workers import END, Task, WorkerInfo, in_order


class DataLoader:
    """Iterates over the batches of a data set; every iteration draws a new order.

    Args: dataset: with `__getitem__` and `__len__`, or an IterableDataset. batch_size: samples a batch; None gives
    single samples. shuffle: random order. sampler: an iterable of indices. batch_sampler: an iterable of lists of
    indices. num_workers: threads that read ahead; 0 reads when asked. collate_fn: makes a batch of a list of samples.
    drop_last: leave out a last batch that is smaller. timeout: seconds to wait for a batch from a worker, 0 for ever.
    worker_init_fn: called with the worker's number in each thread first. generator: a tg.Generator for the order and
    for `batch_random`. prefetch_factor: batches each worker reads ahead (2). pin_memory, pin_memory_device,
    persistent_workers, in_order: accepted; threads share memory with the caller, start in no time and always deliver in
    order.
    Raises: ArgumentError for arguments that contradict each other or are out of range. While iterating: an error of the
    data set, of the same class where that can be made, with the sample's index in its message.

    The same seed gives the same batches for any number of workers: the package's transforms draw for the sample's place
    in the epoch (transforms), those of your own may draw from `batch_random()`. `state_dict()` and `load_state_dict()`
    take an iteration up again in the middle.

    >>> import tinygrad_cnn as tg
    >>> loader = DataLoader(tg.data.TensorDataset(tg.arange(5)), batch_size=2)
    >>> [batch.tolist() for batch, in loader]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, dataset, batch_size=1, shuffle=None, sampler=None, batch_sampler=None, num_workers=0,
                 collate_fn=None, pin_memory=False, drop_last=False, timeout=0, worker_init_fn=None,
                 multiprocessing_context=None, generator=None, *, prefetch_factor=None, persistent_workers=False,
                 pin_memory_device="", in_order=True):
        self.dataset, self.num_workers, self.timeout = dataset, num_workers, timeout
        self.worker_init_fn, self.generator = worker_init_fn, generator
        self.pin_memory, self.pin_memory_device = pin_memory, pin_memory_device
        self.persistent_workers, self.in_order = persistent_workers, in_order
        self.multiprocessing_context = multiprocessing_context
        self._check_workers(prefetch_factor)
        self.prefetch_factor = prefetch_factor or (2 if num_workers else None)
        self._streams = isinstance(dataset, IterableDataset)
        self._progress = self._resumed = None           # the latest iteration's, and the one to go on with
        self._check_order(batch_size, shuffle, sampler, batch_sampler, drop_last)
        if batch_sampler is not None:
            batch_size, drop_last = None, False
        if sampler is None and not self._streams:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_sampler is None and batch_size is not None and not self._streams:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size, self.drop_last = batch_size, drop_last
        self.sampler, self.batch_sampler = sampler, batch_sampler
        if collate_fn is not None and not callable(collate_fn):
            raise ArgumentTypeError(f"DataLoader: collate_fn is a {type(collate_fn).__name__}. Give a function of a "
                                    "list of samples.")
        self._batches = batch_sampler is not None or batch_size is not None
        self.collate_fn = collate_fn or (default_collate if self._batches else default_convert)

    def _check_workers(self, prefetch_factor):
        if not hasattr(self.dataset, "__getitem__") and not isinstance(self.dataset, IterableDataset):
            raise ArgumentTypeError(f"DataLoader: dataset is a {type(self.dataset).__name__}, which gives no samples. "
                                    "Give one with __getitem__ and __len__, or an IterableDataset.")
        _whole("num_workers", self.num_workers, 0)
        _refuse(self.timeout < 0, f"timeout is {self.timeout}. Give a number of seconds, or 0 to wait for ever")
        _refuse(self.multiprocessing_context is not None,
                "multiprocessing_context is given, but the workers are threads. Leave it None")
        if prefetch_factor is not None:
            _whole("prefetch_factor", prefetch_factor, 1)
        if not self.num_workers:
            _refuse(prefetch_factor is not None, "prefetch_factor is given but num_workers is 0. Give num_workers too")
            _refuse(self.persistent_workers, "persistent_workers is given but num_workers is 0. Give num_workers too")
        if self.generator is not None and not isinstance(self.generator, Generator):
            raise ArgumentTypeError(f"DataLoader: generator is a {type(self.generator).__name__}. Give a tg.Generator.")

    def _check_order(self, batch_size, shuffle, sampler, batch_sampler, drop_last):
        if self._streams:
            _refuse(shuffle or sampler is not None or batch_sampler is not None, "an IterableDataset has no indices, "
                    "so it takes no shuffle, sampler or batch_sampler. Shuffle inside the data set")
        _refuse(sampler is not None and shuffle,
                "both sampler and shuffle are given. The sampler says the order; leave shuffle out")
        if batch_sampler is not None:
            _refuse(batch_size != 1 or shuffle or sampler is not None or drop_last, "batch_sampler is given together "
                    "with batch_size, shuffle, sampler or drop_last. It says all of these; leave them out")
        elif batch_size is None:
            _refuse(drop_last, "drop_last is given but batch_size is None, which makes no batches. Leave drop_last out")
        else:
            _whole("batch_size", batch_size, 1)

    def __iter__(self):
        return self.starting_at(0)

    def starting_at(self, batch):
        """As `iter(loader)`, less its first `batch` batches, which are not read (those of a stream are, and dropped).

        After `load_state_dict` the batches it leaves out come on top.
        """
        generator, resumed = self.generator or default_generator(), self._resumed
        now, self._resumed = generator.get_state(), None
        if resumed is not None:
            generator.set_state(resumed["order"])
            batch += resumed["batches"]
        progress = self._progress = {"order": generator.get_state(), "batches": batch}
        seed = int(generator.numpy.integers(1 << 63))
        tasks = self._tasks(seed)
        if batch or resumed is not None:
            tasks = self._behind(tasks, batch)
        if resumed is not None:
            generator.set_state(now)
        if not self.num_workers:
            return self._counted(_results(tasks), progress)
        workers = 1 if self._streams else self.num_workers      # two readers of a stream would need its lock in turn
        infos = [WorkerInfo(k, workers, seed, self.dataset) for k in range(workers)]
        ahead = workers * self.prefetch_factor
        return self._counted(in_order(tasks, infos, ahead, self.timeout, self.worker_init_fn), progress)

    def state_dict(self):
        """Where the latest iteration stands, for `load_state_dict`: a dict of numbers and dicts that JSON can hold.

        It has the batches handed out, and the state of the generator before the epoch's order was drawn; a `generator`
        of the loader's own is in it as it is now, the default one is the caller's to save.
        """
        progress = self._progress or {"order": None, "batches": 0}
        return {**progress, "generator": None if self.generator is None else self.generator.get_state()}

    def load_state_dict(self, state_dict):
        """Let the next iteration go on where `state_dict` was taken: the same order, the same random transforms, the
        batches that were handed out left out. Of an iteration that had ended, or not begun, a new one begins.

        The samples left out are not read (those of a stream are, and dropped).

        Raises: ArgumentError if it is not a dict that `state_dict()` gave.

        >>> import tinygrad_cnn as tg
        >>> loader = DataLoader(tg.data.TensorDataset(tg.arange(5)), batch_size=2)
        >>> for batch in loader:
        ...     state = loader.state_dict()
        ...     break
        >>> loader.load_state_dict(state)
        >>> [batch.tolist() for batch, in loader]
        [[2, 3], [4]]
        """
        try:
            order, batches, own = state_dict["order"], state_dict["batches"], state_dict["generator"]
        except (KeyError, TypeError):
            raise ArgumentError("DataLoader: load_state_dict is given something else than state_dict() gave. "
                                "Pass that dict unchanged.") from None
        _whole("batches of the state", batches, 0)
        if (own is None) != (self.generator is None):
            raise ArgumentError("DataLoader: the state is of a loader with"
                                f"{'out' if own is None else ''} a generator of its own. Make this one like it.")
        if order is not None:
            Generator().set_state(order)                # refused here and not at the next iteration
        if own is not None:
            self.generator.set_state(own)
        self._progress = None if order is None else {"order": order, "batches": batches}
        self._resumed = self._progress and dict(self._progress)

    def _behind(self, tasks, done):
        """The tasks behind the first `done`; the order is drawn here, while the generator stands where it stood."""
        for task in islice(tasks, done):
            if self._streams:
                task()
        return chain(list(islice(tasks, 1)), tasks)

    def _counted(self, results, progress):
        """The batches, counted as they are handed out."""
        try:
            for batch in results:
                progress["batches"] += 1
                yield batch
            if self._progress is progress:
                self._progress = None
        finally:
            results.close()

    def _tasks(self, seed):
        """A Task for each batch, made as the sampler is iterated over."""
        if self._streams:
            batches = self._stream()
            for number in count():
                yield Task(lambda number=number: draw_for(seed, [number], next, batches, END), seed, number)
        place = 0                                       # in the epoch, of the first sample
        for number, indices in enumerate(self.batch_sampler if self._batches else self.sampler):
            yield Task(lambda indices=indices, place=place: self._read(indices, seed, place), seed, number)
            place += len(indices) if self._batches else 1

    def _read(self, indices, seed, place):
        """The batch at a list of indices, or the sample at one index; random transforms draw for the samples' places
        in the epoch, once for the data set's and once more for the collate function's."""
        dataset, collate = self.dataset, self.collate_fn
        if not self._batches:
            sample = draw_for(seed, [place], _sample, dataset, indices)
            return draw_for(seed, [place], self._collate, sample, [indices], stage=1)
        places = range(place, place + len(indices))
        if collate is default_collate:
            batch = draw_for(seed, places, _reading, "samples", indices, take_batch, dataset, indices)
            if batch is not None:
                return batch
        if getattr(dataset, "__getitems__", None):
            samples = draw_for(seed, places, _reading, "samples", indices, dataset.__getitems__, indices)
        else:
            samples = [draw_for(seed, [k], _sample, dataset, index) for k, index in zip(places, indices)]
        return draw_for(seed, places, self._collate, samples, indices, stage=1)

    def _collate(self, samples, indices):
        return _reading("the batch of samples", indices, self.collate_fn, samples)

    def _stream(self):
        samples = iter(self.dataset)
        read = 0
        while True:
            wanted = self.batch_size if self._batches else 1
            batch = _reading("the stream after sample", read - 1, list, islice(samples, wanted))
            if not batch or (len(batch) < wanted and self.drop_last):
                return
            yield self._collate(batch if self._batches else batch[0], range(read, read + len(batch)))
            read += len(batch)

    def __len__(self):
        if not self._streams:
            return len(self.batch_sampler if self._batches else self.sampler)
        size = len(self.dataset)
        if not self._batches:
            return size
        return size // self.batch_size if self.drop_last else -(-size // self.batch_size)


def _results(tasks):
    for task in tasks:
        result = task()
        if result is END:
            return
        yield result


def _sample(dataset, index):
    return _reading("sample", index, dataset.__getitem__, index)


def _reading(what, which, function, *args):
    """function(*args); an error is raised again saying what was read, in its own class if a message makes one."""
    try:
        return function(*args)
    except Exception as error:
        text = f"DataLoader: reading {what} {_shown(which)} raised {type(error).__name__}: {error}"
        try:
            again = type(error)(text)
        except (TypeError, ValueError, AttributeError):  # a class whose constructor wants something else
            again = DataError(text)
        raise again from error


def _shown(indices):
    if not isinstance(indices, (list, range)):
        return repr(indices)
    return str(list(indices)) if len(indices) <= 8 else f"{str(list(indices[:8]))[:-1]}, ...]"


def _refuse(wrong, text):
    if wrong:
        raise ArgumentError(f"DataLoader: {text}.")


def _whole(name, value, least):
    if not hasattr(value, "__index__") or isinstance(value, bool) or value < least:
        raise ArgumentError(f"DataLoader: {name} is {value!r}. Give an integer of at least {least}.")
