"""Random numbers for samples: functions of the seed and the place in the epoch, and of nothing else."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.data import DataLoader, Subset, WeightedRandomSampler
from tinygrad_cnn.data import transforms as T
from tinygrad_cnn.data.draws import Draws, draw_for, normal, uniform
from tinygrad_cnn.data.pictures import Pictures

AUGMENT = T.Compose([T.RandomCrop(8, padding=2), T.RandomHorizontalFlip(), T.RandomVerticalFlip(),
                     T.RandomResizedCrop(8), T.ColorJitter(0.4, 0.4, 0.4, 0.1), T.ToTensor(), T.Lighting(),
                     T.Normalize([0.5] * 3, [0.25] * 3), T.RandomErasing(value="random")])


def pictures(transform=AUGMENT, count=21):
    pixels = np.random.default_rng(1).integers(256, size=(count, 3, 8, 8)).astype(np.uint8)
    return Pictures(pixels, np.arange(count) % 5, list("abcde"), transform)


def one_by_one(image):
    """The same transforms as a plain function: the data set then hands over one image a time."""
    return AUGMENT(image)


def epoch(dataset, batch_size=4, **options):
    tg.manual_seed(5)
    loader = DataLoader(dataset, batch_size, shuffle=True, **options)
    return np.concatenate([images.numpy() for images, _ in loader])


@pytest.mark.parametrize("other", [
    lambda: epoch(pictures(), num_workers=1), lambda: epoch(pictures(), num_workers=3),
    lambda: epoch(pictures(one_by_one)), lambda: epoch(pictures(one_by_one), num_workers=2),
    lambda: epoch(pictures(), batch_size=7), lambda: epoch(Subset(pictures(), range(21)), batch_size=21),
], ids=["1 thread", "3 threads", "one by one", "one by one in threads", "batches of 7", "a subset at once"])
def test_an_epoch_is_the_same_however_it_is_read(other):
    assert np.array_equal(other(), epoch(pictures()))


def test_another_epoch_and_another_seed_draw_anew():
    tg.manual_seed(5)
    loader = DataLoader(pictures(), 21)
    first, second = (next(iter(loader))[0].numpy() for _ in range(2))
    assert not np.array_equal(first, second)
    tg.manual_seed(6)
    assert not np.array_equal(next(iter(loader))[0].numpy(), first)


def test_a_sample_that_comes_twice_in_an_epoch_is_changed_twice():
    sampler = WeightedRandomSampler([1.0] + [0.0] * 20, 8)
    images, _ = next(iter(DataLoader(pictures(), 8, sampler=sampler)))
    assert len({image.tobytes() for image in images.numpy()}) == 8


def test_transforms_in_a_collate_function_draw_apart_from_those_of_the_data_set():
    seen = []

    def collate(samples):
        seen.append(uniform(len(samples), 1))
        return np.stack([image for image, _ in samples])

    drawn, = DataLoader(pictures(lambda image: uniform(1, 1)[0]), 21, collate_fn=collate)
    assert not np.intersect1d(drawn, seen[0]).size


def test_outside_of_a_loader_the_default_generator_is_followed():
    tg.manual_seed(1)
    first, then = uniform(2, 3), uniform(2, 3)
    tg.manual_seed(1)
    assert np.array_equal(uniform(2, 3), first) and not np.array_equal(then, first)


def test_two_calls_for_one_sample_give_different_numbers_and_the_same_again():
    def twice():
        return [uniform(1, 2).tolist(), uniform(1, 2).tolist(), uniform(3, 1).tolist(), uniform(3, 1).tolist()]

    first = draw_for(7, [3], twice)
    assert first == draw_for(7, [3], twice) and first[0] != first[1] and first[2] != first[3]
    assert first[0] == draw_for(7, [2, 3], uniform, 2, 2)[1:].tolist()


def test_the_numbers_are_uniform_and_do_not_depend_on_each_other():
    draws = Draws(3, range(20_000)).uniform(8)
    assert draws.min() >= 0 and draws.max() < 1
    counts = np.stack([np.histogram(column, 16, (0, 1))[0] for column in draws.T])
    chi = ((counts - 1250) ** 2 / 1250).sum(axis=1)         # 15 degrees of freedom: 99.99 % are below 44
    assert chi.max() < 44
    apart = np.corrcoef(np.hstack([draws, np.roll(draws, 1, axis=0)]).T) - np.eye(16)
    assert np.abs(apart).max() < 0.035                      # 5 deviations of 1 / sqrt(20,000)
    assert len(np.unique(draws)) == draws.size


def test_neighbouring_seeds_and_stages_have_nothing_to_do_with_each_other():
    columns = [Draws(seed, range(20_000), stage).uniform(1)[:, 0] for seed in (0, 1, 2**63) for stage in (0, 1, 2)]
    assert np.abs(np.corrcoef(columns) - np.eye(9)).max() < 0.035


def test_normal_numbers_have_mean_0_and_deviation_1():
    draws = draw_for(1, range(40_000), normal, 40_000, 2)
    assert abs(draws.mean()) < 0.02 and abs(draws.std() - 1) < 0.02
    assert abs((np.abs(draws) < 1.959964).mean() - 0.95) < 0.005
