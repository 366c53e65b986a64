"""What every instrument must do, as tests: give a class your instrument's files, and it is checked.

class TestMyCamera(InstrumentContract):
    name = "mycamera"

    @pytest.fixture(scope="class")
    @classmethod
    def files(cls, tmp_path_factory):
        return simulate_my_camera(tmp_path_factory.mktemp("files"))  # a folder of scenes
"""

import inspect
import shutil
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import xarray as xr

from nephoscope.errors import InputError
from nephoscope.folders import LeftOut
from nephoscope.instruments import find_scenes, instrument_named, open_scene, recognise
from nephoscope.instruments.protocol import Instrument, Profiler
from nephoscope.instruments.registry import PROFILERS, profiler, profiler_of
from nephoscope.instruments.tracks import open_track
from nephoscope.products.netcdf import write_netcdf
from nephoscope.products.product import ProductFacts, make_product
from nephoscope.scene import check_scene
from nephoscope.tasks.mask import TASK, MaskDecision

DAMAGES = {
    "empty": lambda path: path.write_bytes(b""),
    "cut short": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 3]),
    "text": lambda path: path.write_text("neither a picture nor a track\n" * 40),
}


def check_signatures(module, protocol) -> None:
    """A module has all that its protocol has, and can be called as it says."""
    for name, wanted in vars(protocol).items():
        if name.startswith("_"):
            continue
        assert hasattr(module, name), f"{module.__name__} has no {name}"
        if not inspect.isfunction(wanted):
            continue
        parameters = list(inspect.signature(wanted).parameters.values())[1:]
        positional = [p for p in parameters if p.kind is p.POSITIONAL_ONLY]
        named = {p.name: None for p in parameters if p.kind is not p.POSITIONAL_ONLY}
        inspect.signature(getattr(module, name)).bind(*positional, **named)


class InstrumentContract:
    """Tests of an imager; a subclass names it and gives the folder of its files.

    Attributes:
        name: as the registry has it.
        options: of `read`, where reading all of a scene would be slow.
        truths: the forms of truth that the files have labels of.
    """

    name: str
    options: ClassVar[dict] = {}
    truths: frozenset = frozenset()

    @pytest.fixture(scope="class")
    @classmethod
    def files(cls, tmp_path_factory) -> Path:
        """A folder with one scene or more, and what belongs to them."""
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def instrument(cls) -> Instrument:
        return instrument_named(cls.name)

    @pytest.fixture(scope="class")
    @classmethod
    def found(cls, instrument, files):
        return instrument.find(files)[0]

    @pytest.fixture(scope="class")
    @classmethod
    def scene(cls, instrument, found) -> xr.Dataset:
        return instrument.read(found.path, **cls.options)

    @pytest.fixture
    def copy(self, files, tmp_path) -> Path:
        return shutil.copytree(files, tmp_path / "a folder with a space")

    def test_the_module_has_all_that_the_protocol_has(self, instrument):
        check_signatures(instrument, Instrument)
        assert instrument.FORMAT in {"netcdf", "fits", "zarr"}
        assert isinstance(instrument.WRAPS, bool)
        assert isinstance(instrument.OPTIONS, frozenset)
        assert instrument.UNIT
        assert instrument.NOUN
        assert instrument.REFERENCE is None or instrument.REFERENCE in PROFILERS

    def test_scenes_are_found_wherever_they_lie(self, instrument, files, found, copy):
        here, there = instrument.find(files), instrument.find(copy, left_out=LeftOut())
        facts = [
            [(s.id, s.series, s.order, s.relative) for s in scenes] for scenes in (here, there)
        ]
        assert facts[0] == facts[1]
        for scene in there:
            assert scene.path.is_file()
            assert copy / scene.relative == scene.path.parent
        (alone,) = instrument.find(found.path)
        assert (alone.path, alone.id, alone.order) == (found.path, found.id, found.order)
        assert find_scenes(files, self.name) == here

    def test_where_there_is_none_it_is_said(self, instrument, tmp_path):
        for place in (tmp_path, tmp_path / "absent"):
            with pytest.raises(InputError) as caught:
                instrument.find(place)
            assert caught.value.path == str(place)

    def test_each_scene_stays_as_one(self, instrument, files):
        scenes, left = instrument.find(files), LeftOut()
        assert instrument.one_each(scenes, left_out=left) == scenes
        assert not left.errors

    def test_its_files_are_recognised_and_others_are_not(self, instrument, files, found, tmp_path):
        assert recognise(found.path) == recognise(files) == self.name
        (tmp_path / "notes.txt").write_text("nothing to see")
        assert not instrument.recognises(tmp_path / "notes.txt")
        assert not instrument.recognises(tmp_path)

    def test_a_scene_keeps_the_contract(self, scene, found, instrument):
        assert check_scene(scene) is scene
        assert scene.attrs["instrument"] == self.name
        assert scene.attrs["id"] == found.id
        assert str(found.path) in scene.attrs["source_files"]
        known, image = scene["known"].values, scene["image"].values
        assert known.any()
        assert scene.attrs["missing_share"] == pytest.approx(1 - known.mean())
        assert np.isfinite(image[:, known]).any(axis=0).all()
        xr.testing.assert_identical(open_scene([found.path], **self.options), scene)

    def test_a_pixel_is_its_own_corner(self, instrument, scene):
        inner = np.s_[2:-2, 2:-2] if scene["latitude"].ndim == 2 else np.s_[2:-2]
        north, east = (scene[name].values for name in ("latitude", "longitude"))
        if instrument.REFERENCE is None:  # no track is ever looked for in its pictures
            assert instrument.corners(scene, [0.0], [0.0]) is None
            return
        places = [each[inner].ravel().astype(float) for each in (north, east)]
        row, col, weight = instrument.corners(scene, *places)
        assert row.shape == col.shape == weight.shape == (places[0].size, 4)
        there = np.isfinite(places[0])
        assert there.any()
        np.testing.assert_allclose(weight[there].sum(axis=1), 1)
        np.testing.assert_allclose((weight * north[row, col]).sum(axis=1)[there], places[0][there],
                                   atol=1e-3)  # fmt: skip
        rows, cols = (each[inner].ravel() for each in np.indices(north.shape))
        for corner, wanted in ((row, rows), (col, cols)):
            assert np.abs((weight * corner).sum(axis=1) - wanted)[there].max() < 0.01
        assert np.isnan(instrument.corners(scene, [np.nan], [np.nan]).weight).all()

    def test_columns_are_scalars_with_an_order(self, instrument, scene):
        columns = instrument.columns(scene)
        assert all(column.ndim == 0 for column in columns.values())
        assert columns["order"].dtype == np.float64
        assert np.isfinite(columns["order"].values)

    def test_what_it_depends_on_is_there(self, instrument, found):
        beside = instrument.depends_on(found.path)
        assert all(path.is_file() for path in beside)
        assert found.path not in beside

    @pytest.mark.parametrize("truth", ["pixels", "frame", "points"])
    def test_labels_are_of_the_scene(self, instrument, scene, found, truth):
        label = instrument.label(found.path, truth=truth)
        assert (label is not None) == (truth in self.truths)
        if label is None:
            return
        assert Path(label.attrs["source"]).exists()
        if truth != "points":
            sizes = scene["image"].shape[1:] if truth == "pixels" else ()
            assert (label["label"].dtype, label["label"].shape) == (np.int8, sizes)
            assert set(np.unique(label["label"])) <= {-1, 0, 1}
        else:
            assert {"row", "col", "time_offset"} <= set(label.variables)

    def test_a_damaged_label_is_named(self, instrument, copy):
        if "pixels" not in self.truths:
            pytest.skip("has no labels of pixels")
        found = instrument.find(copy)[0]
        source = Path(instrument.label(found.path, truth="pixels").attrs["source"])
        if source == found.path:
            pytest.skip("the label lies in the scene's own file")
        source.write_bytes(b"no label at all")
        with pytest.raises(InputError) as caught:
            instrument.label(found.path, truth="pixels")
        assert caught.value.path == str(source)

    @pytest.mark.parametrize("damage", DAMAGES)
    def test_a_damaged_file_is_named(self, instrument, copy, damage):
        path = instrument.find(copy)[0].path
        DAMAGES[damage](path)
        with pytest.raises(InputError) as caught:
            instrument.read(path, **self.options)
        assert str(path) in str(caught.value)

    def test_a_file_that_went_away_is_named(self, instrument, copy):
        path = instrument.find(copy)[0].path
        path.unlink()
        with pytest.raises(InputError) as caught:
            instrument.read(path, **self.options)
        assert str(path) in str(caught.value)

    def test_without_options_all_is_wanted_in_the_usual_layout(self, instrument, scene):
        assert instrument.blank(scene, {}) is None
        assert instrument.layout({}) is None
        if (outside := instrument.outside(scene, {})) is not None:
            assert np.broadcast_shapes(outside.where.shape, scene["image"].shape[1:])
            assert outside.name.isidentifier()

    @pytest.fixture(scope="class")
    @classmethod
    def product(cls, instrument, scene) -> xr.Dataset:
        shape = scene["image"].shape[1:]
        likely = np.random.default_rng(0).random(shape, np.float32)
        variables = TASK.variables({"cloud_probability": likely}, MaskDecision())
        facts = ProductFacts("a model", "0" * 64, command="made by a test")
        return make_product(variables, scene, instrument, facts)

    def test_a_product_is_dressed(self, product, scene, tmp_path):
        write_netcdf(product, tmp_path / "a.nc")
        with xr.open_dataset(tmp_path / "a.nc", engine="h5netcdf") as opened:
            mask = opened["cloud_mask"].load()
            assert mask.shape == scene["image"].shape[1:]
            np.testing.assert_array_equal(
                mask.isnull(), ~np.isfinite(scene["image"]).any("channel")
            )
            for name, units in (("latitude", "degrees_north"), ("longitude", "degrees_east")):
                if np.isfinite(scene[name]).any():
                    assert opened[name].attrs["units"] == units
                    np.testing.assert_allclose(opened[name].values, scene[name].values)
                    assert set(opened[name].dims) <= set(mask.dims)
            assert opened.attrs["title"]
            assert opened.attrs["instrument"] == self.name
            planes = [plane for plane in opened.data_vars.values() if plane.ndim]
            named = {plane.attrs.get("grid_mapping") for plane in planes}
            assert named == {"crs" if "crs" in opened.variables else None}

    @pytest.mark.slow
    def test_a_product_complies_with_cf(self, product, tmp_path, checked_by_cf):
        write_netcdf(product, tmp_path / "a.nc")
        checked_by_cf(tmp_path / "a.nc")


class ProfilerContract:
    """Tests of a profiler; a subclass names it and gives a folder of its files."""

    name: str

    @pytest.fixture(scope="class")
    @classmethod
    def files(cls, tmp_path_factory) -> Path:
        """A folder with one file or more."""
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def found(cls, files):
        return profiler(cls.name).find(files)[0]

    def test_the_module_has_all_that_the_protocol_has(self):
        check_signatures(profiler(self.name), Profiler)

    def test_files_are_found_wherever_they_lie(self, files, found, tmp_path):
        copy = shutil.copytree(files, tmp_path / "a folder with a space")
        there = profiler(self.name).find(copy, left_out=LeftOut())
        assert [file.id for file in there] == [f.id for f in profiler(self.name).find(files)]
        assert all(copy / file.relative == file.path.parent for file in there)
        for place in (tmp_path / "absent", tmp_path / "none"):
            with pytest.raises(InputError) as caught:
                profiler(self.name).find(place)
            assert caught.value.path == str(place)
            (tmp_path / "none").mkdir(exist_ok=True)

    def test_its_files_are_recognised(self, found):
        assert profiler_of(found.path) == self.name
        assert not profiler(self.name).recognises(found.path.parent / "absent")

    def test_a_file_is_read_as_a_track(self, found):
        track = open_track(found.path)
        assert track.attrs["instrument"] == self.name
        assert {"latitude", "longitude", "time"} <= set(track.variables)

    @pytest.mark.parametrize("damage", DAMAGES)
    def test_a_damaged_file_is_named(self, found, tmp_path, damage):
        path = Path(shutil.copy(found.path, tmp_path))
        DAMAGES[damage](path)
        with pytest.raises(InputError) as caught:
            open_track(path, self.name)
        assert str(path) in str(caught.value)
