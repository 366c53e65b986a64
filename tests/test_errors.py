"""Messages name file and field, and errors survive a trip between processes."""

import pickle
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from nephoscope.errors import InputError, NephoscopeError, OutputError, UsageError


def test_message_names_file_field_problem_and_remedy():
    error = InputError(
        Path("maps/P01day01.jpeg"), "is 12 x 7 pixels", field="size", remedy="use 3600 x 1801"
    )
    assert str(error) == "maps/P01day01.jpeg [size]: is 12 x 7 pixels (use 3600 x 1801)"


def test_message_without_field_and_remedy():
    assert str(InputError("a.nc", "is empty")) == "a.nc: is empty"


@pytest.mark.parametrize("kind", [OutputError, UsageError, InputError])
def test_every_kind_is_caught_as_one(kind):
    assert issubclass(kind, NephoscopeError)


def test_pickle_keeps_every_field():
    error = InputError("a.nc", "is empty", field="label", remedy="get it again")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(again) is InputError
    assert vars(again) == vars(error)
    assert str(again) == str(error)


def _fail() -> None:
    raise InputError("map.jpeg", "is truncated", field="image")


def test_a_worker_process_hands_back_the_same_error():
    with ProcessPoolExecutor(1) as pool, pytest.raises(InputError) as caught:
        pool.submit(_fail).result()
    assert caught.value.path == "map.jpeg"
    assert caught.value.field == "image"
    assert caught.value.remedy is None
