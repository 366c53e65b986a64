"""What a network is trained on is what it is applied to: features of a store and of its Scenes."""

from types import SimpleNamespace

import numpy as np
import pytest

import polder_factory
from half_orbits_factory import FIELDS, built, pictures_in, write_three
from nephoscope.apply import network
from nephoscope.inputs import assemble
from nephoscope.instruments import open_scene
from nephoscope.instruments.polder import Window
from nephoscope.samples.part import load_part
from nephoscope.samples.split import split_samples

FEATURES = {
    "views": ["r443_*", "r490_*", "u490_*", "cos_thetav_*", "sin_phi_*", "cos_scattering_*"],
    "parallax": ["parallax_x_*", "parallax_y_*"],
    "valid": ["valid_*"],
    "picture": ["land_sea_flag", "latitude", "sin_phis"],
}


@pytest.mark.filterwarnings("ignore")
def test_features_of_a_sample_are_those_of_its_scene(tmp_path, monkeypatch):
    write_three(tmp_path / "raw")
    held, _ = built(tmp_path / "raw", tmp_path / "s.zarr")
    split_samples(tmp_path / "s.zarr", fractions=(1, 0, 0))
    recipe = polder_factory.recipe_of(
        read={"fields": list(FIELDS)}, inputs={"features": FEATURES}, truth={"levels": None}
    )
    part = load_part(tmp_path / "s.zarr", "train", recipe)
    monkeypatch.setattr(network, "open_engine", lambda _: None)  # nothing is said of them here
    predictor = network.Predictor(SimpleNamespace(recipe=recipe, limits=None), workers=1)
    names = recipe.inputs.names
    pictures = {path.name: path for path in pictures_in(tmp_path / "raw")}
    assert len({str(name) for name in held["picture"].values}) == 3
    for number in range(len(part.indices)):
        sample = held.isel(sample=held["id"].values.tolist().index(part.ids[number]))
        origin = sample["origin"].values.astype(np.int64)
        window = Window(int(sample["first_row"]), origin, held.sizes["x"])
        picture = pictures[str(sample["picture"].values).rpartition("/")[2]]
        scene = open_scene(picture, "polder", fields=FIELDS, window=window)
        applied = assemble(predictor.view_of(scene), names)
        trained = assemble(part.view(number, 0, 0, part.shape), names)
        for name, found, expected in zip(names, trained, applied, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=3e-5, err_msg=name)
        assert trained.any(axis=(1, 2)).sum() > len(names) * 0.8
