"""A sample of A-Train Cloud Segmentation is the same numbers, at the same places, as it was."""

import json
import pickle

import numpy as np
import pytest

from atcs_factory import DIRECTIONAL, PLAIN, SIZE, STARTS, make_folder, write_json
from nephoscope.errors import InputError, UsageError
from nephoscope.grids.wgs84 import distance
from nephoscope.instruments.polder import FIELDS
from nephoscope.instruments.polder.atcs import decoded, open_folder, recognises

BARE = tuple(DIRECTIONAL)


@pytest.fixture(scope="module", params=[(1, (*DIRECTIONAL, *PLAIN)), (1, BARE), (0, BARE),
                                        (0, (*DIRECTIONAL, *PLAIN))],
                ids=["v1", "v1 directional", "v0 directional", "v0"])  # fmt: skip
def given(request, tmp_path_factory):
    version, fields = request.param
    folder = tmp_path_factory.mktemp("atcs")
    return version, folder, make_folder(folder, version, fields=fields)


def each(folder):
    held = open_folder(folder)
    for sample in held.samples:
        yield sample, *held.read(sample)


def test_the_counts_of_the_file_come_back(given):
    _, folder, made = given
    for sample, scene, _ in each(folder):
        for name, wanted in made[sample.id]["counts"].items():
            found = scene["image"].values[scene["field"].values == name].astype(float)
            found[found == -32768] = np.nan
            count = np.moveaxis(wanted, -1, 0)
            if FIELDS[name].dtype == "uint16":
                count = count - 32767
            if name in ("Latitude", "Longitude"):
                count = np.rint(count / (180 / 32000))
            np.testing.assert_array_equal(found, count, name)
        assert scene["image"].dtype == np.int16
        assert scene["known"].values.all()


def test_pixels_lie_where_they_lay(given):
    version, folder, made = given
    for sample, scene, _ in each(folder):
        wanted = made[sample.id]
        tolerance = 1e-5 if version else 1e-4
        for name in ("latitude", "longitude"):
            np.testing.assert_allclose(scene[name], wanted[name], atol=tolerance)
        np.testing.assert_array_equal(scene["origin"], wanted["origin"])
        assert scene["row"].values[0] == wanted["first_row"]
        assert scene.attrs["geometry"] == ("native" if version else "equirectangular")


def test_labels_lie_where_they_lay(given):
    version, folder, made = given
    for sample, scene, label in each(folder):
        output = made[sample.id]["output"]
        corner = label["corner_row"].values, label["corner_col"].values
        north, east = (scene[name].values[corner] for name in ("latitude", "longitude"))
        smooth = label["weight_bilinear"].values
        np.testing.assert_allclose(smooth.sum(axis=1), 1, atol=1e-6)
        np.testing.assert_allclose((smooth * north).sum(axis=1), output["lat"], atol=2e-4)
        np.testing.assert_allclose((smooth * east).sum(axis=1), output["lon"], atol=2e-4)
        assert (north[:, :2] > output["lat"][:, None] - 1e-4).all()
        assert (east[:, ::2] < output["lon"][:, None] + 1e-4).all()
        away = distance(output["lat"][:, None], output["lon"][:, None], north, east)
        by_distance = 1 / away / (1 / away).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(label["weight_inverse_distance"], by_distance, atol=2e-3)
        if version:
            np.testing.assert_array_equal(label["corner_row"], output["corner_idx"][..., 0])
            np.testing.assert_array_equal(label["corner_col"], output["corner_idx"][..., 1])
            np.testing.assert_allclose(
                label["weight_inverse_distance"], output["corner_weights"], rtol=1e-6
            )
        else:
            np.testing.assert_allclose(label["row"], output["patch_idx"][0], atol=1e-6)
            np.testing.assert_allclose(label["col"], output["patch_idx"][1], atol=1e-6)


def test_truth_is_what_it_was_and_missing_is_no_cloud(given):
    _, folder, made = given
    for sample, _, label in each(folder):
        wanted, codes = made[sample.id]["output"], made[sample.id]["codes"]
        assert (codes == -9999).any()
        np.testing.assert_array_equal(label["cloud_scenario"], codes)
        kind, determined = (codes.astype(int) >> 1) & 15, codes & 1
        types = np.where((codes == -9999) | (determined == 0), -1, kind)
        np.testing.assert_array_equal(label["cloud_type"], types)
        height = np.where(wanted["height"] < -5000, np.nan, wanted["height"])
        np.testing.assert_array_equal(label["height"], height)
        np.testing.assert_array_equal(label["profile_time"], wanted["time"])
        assert (label["time_offset"] == -131).all()
        for name, values in decoded(codes).items():
            kept = codes != -9999
            np.testing.assert_array_equal(values[kept], wanted["cloud_scenario"][name][kept])
            assert not values[~kept].any()


def test_what_the_index_says(given):
    _, folder, made = given
    assert recognises(folder)
    samples = open_folder(folder).samples
    assert [sample.id for sample in samples] == sorted(made)
    assert [sample.split for sample in samples] == ["train", "train", "validation"]
    groups = [f"{STARTS[key][2]}M_{STARTS[key][1]}" for key in "aba"]
    assert [sample.group for sample in samples] == groups
    assert samples[0].sources["track"].startswith("CALTRACK-5km_CS-2B-CLDCLASS")
    scene, _ = open_folder(folder).read(samples[0])
    assert (scene.attrs["cycle"], scene.attrs["orbit"]) == (80, 176)
    assert scene["time"].values == np.datetime64("2008-06-03T01:34:54")


@pytest.fixture
def folder(tmp_path):
    make_folder(tmp_path, samples=1)
    return tmp_path


def the_pickle(folder):
    return next(folder.rglob("*.pkl"))


def changed(folder, **news):
    path = the_pickle(folder)
    held = pickle.loads(path.read_bytes()) | news  # noqa: S301 - made by the test
    path.write_bytes(pickle.dumps({key: value for key, value in held.items() if value is not None}))


def read_one(folder):
    held = open_folder(folder)
    return held.read(held.samples[0])


def test_heights_that_rise_are_turned(folder):
    _, before = read_one(folder)
    held = pickle.loads(the_pickle(folder).read_bytes())  # noqa: S301 - made by the test
    changed(
        folder,
        height=held["height"][:, ::-1],
        cloud_scenario={name: v[:, ::-1] for name, v in held["cloud_scenario"].items()},
    )
    _, after = read_one(folder)
    for name in ("height", "cloud_type", "cloud_scenario"):
        np.testing.assert_array_equal(after[name], before[name])


def test_corners_in_another_order_are_sorted(folder):
    _, before = read_one(folder)
    held = pickle.loads(the_pickle(folder).read_bytes())  # noqa: S301 - made by the test
    order = [2, 0, 3, 1]
    changed(
        folder,
        corner_idx=held["corner_idx"][:, order],
        corner_weights=held["corner_weights"][:, order],
    )
    _, after = read_one(folder)
    for name in ("corner_row", "corner_col", "weight_inverse_distance", "weight_bilinear"):
        np.testing.assert_array_equal(after[name], before[name])


def test_pictures_of_version_0_that_begin_in_the_south_are_turned(tmp_path):
    made = make_folder(tmp_path, version=0, samples=1)["00000"]
    before_scene, before = read_one(tmp_path)
    np.save(next(tmp_path.rglob("*.npy")), made["picture"][::-1])
    row, col = made["output"]["patch_idx"]
    changed(tmp_path, patch_idx=(SIZE - 1 - row, col))
    scene, label = read_one(tmp_path)
    np.testing.assert_array_equal(scene["image"], before_scene["image"])
    np.testing.assert_allclose(scene["latitude"], before_scene["latitude"], atol=1e-9)
    for name in ("corner_row", "corner_col"):
        np.testing.assert_array_equal(label[name], before[name])
    np.testing.assert_allclose(label["weight_bilinear"], before["weight_bilinear"], atol=1e-6)


def test_fractional_pixels_may_be_one_array(tmp_path):
    make_folder(tmp_path, version=0, samples=1)
    _, before = read_one(tmp_path)
    held = pickle.loads(the_pickle(tmp_path).read_bytes())  # noqa: S301 - made by the test
    changed(tmp_path, patch_idx=np.stack(held["patch_idx"]))
    _, after = read_one(tmp_path)
    np.testing.assert_array_equal(after["row"], before["row"])
    changed(tmp_path, patch_idx=np.array(3.0))
    with pytest.raises(InputError, match="patch_idx"):
        read_one(tmp_path)


def test_labels_of_another_picture_are_named(tmp_path):
    make_folder(tmp_path, samples=2)
    pickles = sorted(tmp_path.rglob("*.pkl"))
    pickles[0].write_bytes(pickles[1].read_bytes())
    with pytest.raises(InputError, match="of another picture"):
        read_one(tmp_path)


def test_what_lies_between_a_value_and_a_code_is_missing(tmp_path):
    made = make_folder(tmp_path, version=0, samples=1)["00000"]
    path = next(tmp_path.rglob("*.npy"))
    picture = made["picture"].copy()
    picture[5, 5, 3] = 0.3 * 0.2 + 0.7 * 32767  # a radiance, interpolated through a fill
    picture[5, 5, 16 * 6 + 2] = 0.5 * 40 + 0.5 * 65535  # a zenith angle
    picture[5, 6, 3] = np.nan
    np.save(path, picture)
    scene, _ = read_one(tmp_path)
    image = scene["image"].values
    assert image[3, 5, 5] == image[16 * 6 + 2, 5, 5] == image[3, 5, 6] == -32768
    assert image[3, 5, 7] != -32768


@pytest.mark.parametrize(
    ("news", "field"),
    [
        ({"lat": None}, "lat"),
        ({"lat": np.array(["a"])}, "lat"),
        ({"lon": np.zeros(3)}, "lon"),
        ({"height": np.zeros(4)}, "height"),
        ({"cloud_scenario": None}, "cloud_scenario"),
        ({"cloud_scenario": {"cloud_scenario_flag": np.zeros(2)}}, "cloud_scenario"),
        ({"corner_idx": None}, "patch_idx"),
        ({"corner_idx": np.full((5, 4, 2), 99)}, "corner_idx"),
        ({"corner_weights": np.zeros((5, 4))}, "corner_weights"),
        ({"time": np.zeros((2, 2))}, "time"),
    ],
)
def test_labels_that_are_not_whole_are_named(folder, news, field):
    changed(folder, **news)
    with pytest.raises(InputError, match=field) as caught:
        read_one(folder)
    assert caught.value.path == str(the_pickle(folder))


@pytest.mark.parametrize("index", [np.array([[[-1, 0]] * 4]), np.array([[[0, SIZE]] * 4]),
                                   np.array([[[0.5, 1]] * 4])])  # fmt: skip
def test_corners_outside_of_the_picture_are_named(folder, index):
    held = pickle.loads(the_pickle(folder).read_bytes())  # noqa: S301 - made by the test
    one = {name: held[name][:1] for name in ("lat", "lon", "height", "time")}
    parts = {name: each[:1] for name, each in held["cloud_scenario"].items()}
    changed(folder, **one, cloud_scenario=parts, corner_idx=index,
            corner_weights=held["corner_weights"][:1])  # fmt: skip
    with pytest.raises(InputError, match="corner_idx"):
        read_one(folder)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x93NUMPY", None, np.zeros((SIZE, SIZE, 7)), np.zeros((SIZE, SIZE)),
     np.array([[["a"]]]), np.array([[[{}]]], dtype=object)],
    ids=["empty", "cut", "absent", "channels", "flat", "text", "objects"],
)  # fmt: skip
def test_pictures_that_cannot_be_used_are_named(folder, content):
    path = next(folder.rglob("*.npy"))
    if content is None:
        path.unlink()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, content)
    with pytest.raises(InputError) as caught:
        read_one(folder)
    assert caught.value.path == str(path)


def test_an_index_that_cannot_be_used_is_named(folder):
    index, generation = folder / "instance_info.json", folder / "dataset_generation_info.json"
    whole = index.read_text()
    for text in (whole[:-9], "[]", "{}", '{"a": 3}', "[" * 100_000):
        index.write_text(text)
        with pytest.raises(InputError, match="instance_info"):
            open_folder(folder)
    for path in ("/etc/passwd", "input/../../secret.npy", 7, "elsewhere/a.npy"):
        told = json.loads(whole)
        told["00000"]["input_path"] = path
        write_json(index, told)
        with pytest.raises(InputError, match="input_path"):
            open_folder(folder)
    index.write_text(whole)
    for fields in ([], "phi", [["a"]], [["g", "nonsense"]], [["g", "phi"], ["g", "phi"]]):
        write_json(generation, {"par_fields": fields})
        with pytest.raises(InputError, match="dataset_generation_info"):
            open_folder(folder)
    generation.unlink()
    with pytest.raises(InputError, match="dataset_generation_info"):
        open_folder(folder)


def test_files_are_found_wherever_the_folder_was(folder):
    told = json.loads((folder / "instance_info.json").read_text())
    for before in ("data/atrain/", "/home/someone/input/atrain/", "C:\\data\\atrain\\", ""):
        news = json.loads(json.dumps(told))
        path = before + told["00000"]["input_path"].removeprefix("data/atrain/")
        news["00000"]["input_path"] = path.replace("/", "\\") if "\\" in before else path
        write_json(folder / "instance_info.json", news)
        assert read_one(folder)[0].attrs["id"] == "00000"


def test_parts_by_the_name_of_their_file(folder):
    assert open_folder(folder).samples[0].split == "validation"
    write_json(folder / "mine.json", {"train": [], "val": [], "test": ["00000"]})
    assert open_folder(folder, "mine").samples[0].split == "test"
    assert open_folder(folder).samples[0].split == "validation"
    with pytest.raises(UsageError, match="mine, split_default"):
        open_folder(folder, "other")
    (folder / "split_default.json").unlink()
    assert open_folder(folder).samples[0].split == "test"
    write_json(folder / "more.json", {"train": ["00000"]})
    assert open_folder(folder).samples[0].split == ""
    write_json(folder / "mine.json", {"train": 3})
    with pytest.raises(InputError, match=r"mine\.json"):
        open_folder(folder, "mine")


def test_names_that_are_not_the_archives_leave_the_time_unknown(folder):
    told = json.loads((folder / "instance_info.json").read_text())
    told["00000"]["par_file"] = "somewhere.h5"
    write_json(folder / "instance_info.json", told)
    scene, label = read_one(folder)
    assert np.isnat(scene["time"].values)
    assert np.isnan(label["time_offset"]).all()
    assert open_folder(folder).samples[0].group == told["00000"]["cal_par_datetime"]
