"""The explorer: its answers are the product's numbers, and it serves nobody else."""

import base64
import json
import shutil
import subprocess
import threading
import urllib.error
import urllib.request

import numpy as np
import pytest
import xarray as xr

from ice_factory import SIDE, tower_slot
from nephoscope.cli.plot_ice import series_of
from nephoscope.errors import InputError, UsageError
from nephoscope.products.series import open_series
from nephoscope.viewer.answers import Answers, variables_of
from nephoscope.viewer.server import Explorer

pytest.importorskip("plotly")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    folder = tmp_path_factory.mktemp("some products")
    for number in (1, 0):
        tower_slot(number).to_netcdf(folder / f"{number}.nc", engine="h5netcdf")
    return sorted(folder.glob("*.nc"))


@pytest.fixture
def answers(places):
    with open_series(places) as named:
        yield Answers([slot for _, slot in named], [name for name, _ in named])


@pytest.fixture
def server(answers):
    with Explorer(answers) as explorer:
        thread = threading.Thread(target=explorer.serve_forever, daemon=True)
        thread.start()
        yield explorer
        explorer.shutdown()
        thread.join()


def unpacked(content):
    shape = [int(each) for each in content["shape"].split(", ")]
    return np.frombuffer(base64.b64decode(content["bdata"]), "<f4").reshape(shape)


def test_slots_stand_in_time_and_planes_come_before_levels(answers):
    about = answers.about()
    assert about["slots"] == ["2010-06-11 12:00:00 UTC", "2010-06-11 12:15:00 UTC"]
    assert [each["name"] for each in about["variables"]] == [
        "iwp", "quality_flag", "iwc", "cloud_probability"
    ]  # fmt: skip


def test_a_plane_is_the_products(answers):
    found = answers.plane(1, "iwc", 30)
    np.testing.assert_array_equal(unpacked(found["z"]), tower_slot(1)["iwc"][30])
    assert (found["rows"], found["cols"], found["step"]) == (SIDE, SIDE, 1)
    assert found["altitude"] == pytest.approx(float(tower_slot(1)["altitude"][30]) / 1000)


def test_a_large_plane_is_thinned_evenly(monkeypatch, answers):
    monkeypatch.setattr("nephoscope.viewer.answers.SIDE", 14)
    monkeypatch.setattr("nephoscope.viewer.answers._ROWS", 7)
    found = answers.plane(0, "iwp", 0)
    np.testing.assert_array_equal(unpacked(found["z"]), tower_slot(0)["iwp"][::3, ::3])


def test_a_profile_is_that_of_the_pixel(answers):
    found = answers.profile(0, 20, 8)
    slot = tower_slot(0).isel(y=20, x=8)
    np.testing.assert_allclose(found["levels"]["iwc"], slot["iwc"], rtol=1e-7)
    assert found["values"]["iwp"] == pytest.approx(float(slot["iwp"]))
    assert found["latitude"] == pytest.approx(float(slot["latitude"]))
    unknown = answers.profile(0, 0, 0)  # a row that holds nothing
    assert set(unknown["levels"]["iwc"]) == {None}
    assert json.dumps(unknown, allow_nan=False)


def test_a_curtain_is_what_lies_below_the_line(answers, monkeypatch):
    monkeypatch.setattr("nephoscope.viewer.answers._ROWS", 7)
    found = answers.curtain(1, "iwc", [2, 3, 35, 20])
    row, col = np.array(found["row"]), np.array(found["col"])
    assert (row[0], col[0], row[-1], col[-1]) == (2, 3, 35, 20)
    np.testing.assert_array_equal(unpacked(found["z"]), tower_slot(1)["iwc"].values[:, row, col])


@pytest.mark.parametrize(
    ("ask", "problem"),
    [
        (lambda a: a.plane(2, "iwc", 0), "slot 2: there are 2"),
        (lambda a: a.plane(0, "iwc", 64), "level 64: there are 64"),
        (lambda a: a.plane(0, "cloud_type", 0), "no variable 'cloud_type'"),
        (lambda a: a.profile(0, -1, 0), "row -1"),
        (lambda a: a.curtain(0, "iwp", [0, 0, 1, 1]), "on no levels"),
        (lambda a: a.curtain(0, "iwc", [0, 0, 1]), "both ends"),
        (lambda a: a.curtain(0, "iwc", [0, 0, np.nan, 1]), "both ends"),
    ],
)
def test_what_is_not_there_is_said(answers, ask, problem):
    with pytest.raises(UsageError, match=problem):
        ask(answers)


def fetched(address, **headers):
    asked = urllib.request.Request(address, headers=headers)  # noqa: S310 - our own server
    with urllib.request.urlopen(asked) as answer:  # noqa: S310
        return answer.read()


def test_only_who_has_the_token_is_served(server):
    root = server.address.partition("?")[0]
    assert b"nephoscope view" in fetched(server.address)
    for address, headers in (
        (root, {}),
        (f"{root}?token=x", {}),
        (f"{root}api/about?token=x", {}),
        (server.address, {"Host": "example.org"}),
    ):
        with pytest.raises(urllib.error.HTTPError, match="403") as refused:
            fetched(address, **headers)
        assert b"open the address" in refused.value.read()


def test_answers_go_over_the_wire_and_mistakes_are_sentences(server):
    ask = f"{server.address.partition('?')[0]}api/{{}}?token={server.token}&{{}}"
    found = json.loads(fetched(ask.format("profile", "slot=1&row=20&col=9")))
    slot = tower_slot(1).isel(y=20, x=9)
    np.testing.assert_allclose(found["levels"]["iwc"], slot["iwc"], rtol=1e-7)
    for what, words, code in (
        ("plane", "variable=none", 400),
        ("profile", "row=x", 400),
        ("../../etc/passwd", "", 404),
    ):
        with pytest.raises(urllib.error.HTTPError, match=str(code)):
            fetched(ask.format(what, words))


def test_a_port_that_is_in_use_is_said(server):
    with pytest.raises(UsageError, match=r"--port \d+: .*; name another"):
        Explorer(server.answers, server.server_port)


def test_what_is_no_product_is_named(tmp_path):
    xr.Dataset({"x": ("y", [1.0])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    with (
        pytest.raises(InputError, match=r"other\.nc \[quality_flag\]"),
        open_series([tmp_path / "other.nc"]),
    ):
        pass


def test_variables_are_those_on_the_plane():
    assert "altitude" not in variables_of(tower_slot(0))


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_the_page_shows_the_right_numbers(server):
    """The address keeps what was clicked: the profile of a pixel is there at once."""
    command = [
        CHROMIUM, "--headless=new", "--no-sandbox", "--virtual-time-budget=9000", "--dump-dom",
        "--enable-logging=stderr",
        f"{server.address}#variable=iwc&level=30&row=20&col=8&line=0,0,39,20",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)  # noqa: S603
    assert not [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    path = float(tower_slot(0)["iwp"][20, 8])
    assert f"<td>iwp</td><td>{path:.5g}" in done.stdout
    for said in ('data-map="iwc"', 'data-profile="20,8"', 'data-curtain="0,0,39,20"'):
        assert said in done.stdout


def test_what_is_no_product_is_named_and_the_rest_shown(places, tmp_path, capsys):
    for place in places:
        shutil.copy(place, tmp_path)
    xr.Dataset({"height": ("x", np.zeros(3))}).to_netcdf(tmp_path / "topography.nc")
    (tmp_path / "background_S.nc").touch()
    (tmp_path / "cut.nc").write_bytes(places[0].read_bytes()[:500])
    found = series_of([tmp_path])
    assert [each.name for each in found] == ["0.nc", "1.nc", "cut.nc"]
    assert capsys.readouterr().err == f"left out: {tmp_path / 'topography.nc'}: is no product\n"
    with pytest.raises(InputError, match=r"cut\.nc: is no product that can be read"):
        open_series(found).__enter__()
