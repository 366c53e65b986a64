"""What is said of the same validation samples is written at each validation."""

import numpy as np
import pytest

from learn.test_curtain import LEVELS, POINTS, Samples, module, validate  # noqa: F401
from nephoscope.learn.kept_samples import SAMPLES, SaidLog


@pytest.mark.filterwarnings("ignore")
def test_numbers_and_truth_of_some_samples_are_written(module, tmp_path):  # noqa: F811
    for _ in range(2):
        validate(module, SaidLog(tmp_path / "said"), tmp_path)
    (path,) = (tmp_path / "said").iterdir()
    assert path.name == "step_000000.npz"
    with np.load(path) as held:
        names = {f"{each}_{n}" for each in ("said", "cloud_type") for n in range(SAMPLES)}
        assert set(held) == names
        for n in range(SAMPLES):
            number = 2 * n  # of nine samples each second is kept
            assert (held[f"cloud_type_{n}"] == number).all()
            said = np.zeros((POINTS, LEVELS))
            said[:, number % LEVELS] = number
            known = ~np.isnan(held[f"said_{n}"]).any(axis=1)
            np.testing.assert_array_equal(held[f"said_{n}"][known], said[known])
            assert known.any()
