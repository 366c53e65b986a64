"""Inputs and products on a store of objects: the bytes of those on a disk, and no secret."""

import hashlib
import shutil
import sys
from pathlib import Path

import pytest
import xarray as xr
from typer.testing import CliRunner

import polder_factory
import slots_factory
from nephoscope import cli, open_products
from nephoscope.apply.away import folder_of
from nephoscope.errors import InputError, OutputError, UsageError
from object_store import QUIET, SECRET, names, object_store, path_of, system, upload

sys.path.insert(0, str(Path(__file__).parent))
from sky_runs import chain_of, predict_sky
from tiny_runs import ALL, run

from tiny_cluster import local_cluster

pytestmark = [pytest.mark.filterwarnings(each) for each in QUIET]


@pytest.fixture(scope="module", params=["s3", "gs"])
def bucket(request):
    with object_store(request.param) as url:
        yield url


@pytest.fixture(autouse=True)
def setting(monkeypatch, tmp_path):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    monkeypatch.setenv("NEPHOSCOPE_CACHE", str(tmp_path / "cache"))


def is_product(name):
    """Journals tell times; backgrounds the times of the files that they are made of."""
    return not name.endswith((".jsonl", ".lock")) and not name.startswith("background")


def content(url):
    """sha256 of the products at an URL, by name."""
    store, prefix = system(url), path_of(url)
    wanted = [name for name in names(url) if is_product(name)]
    return {name: hashlib.sha256(store.cat_file(f"{prefix}/{name}")).hexdigest() for name in wanted}


def content_of(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and is_product(path.name)
    }


def test_maps_of_a_store_become_products_in_a_store(tree, tmp_path, bucket):
    run(tree, tmp_path / "here")
    upload(tree, f"{bucket}/maps")
    out, events = f"{bucket}/products", []
    summary = run(f"{bucket}/maps", out, on_event=events.append)
    assert (summary.done, summary.failed, summary.left) == (6, [], 0)
    assert content(out) == content_of(tmp_path / "here")
    assert sorted(event.place for event in events) == [f"{out}/{name}" for name in ALL]
    assert "predict-journal.jsonl" in names(out)
    kept = [path for path in folder_of(out).rglob("*") if path.is_file()]
    assert not [path for path in kept if path.name in {Path(name).name for name in ALL}]
    with open_products(tmp_path / "here") as near, open_products(out) as away:
        xr.testing.assert_identical(away.load(), near.load())
    product = f"{out}/{ALL[0]}"
    told = CliRunner().invoke(cli.app, ["info", product])
    assert (told.exit_code, told.output.startswith(f"{product}: product")) == (0, True)
    again = run(f"{bucket}/maps", out)
    assert (again.done, again.skipped) == (0, 6)


def test_another_machine_goes_on_where_this_one_was(tree, bucket, tmp_path):
    upload(tree, f"{bucket}/for two")
    out = f"{bucket}/by two"
    first = run(f"{bucket}/for two", out, part=(1, 2))
    assert first.done == 3
    shutil.rmtree(folder_of(out))
    assert run(f"{bucket}/for two", out, part=(2, 2)).done == 3
    shutil.rmtree(folder_of(out))
    journals = {f"predict-journal-{n}-of-2.jsonl" for n in (1, 2)}
    assert journals <= set(names(out))
    lost = sorted(name for name in names(out) if name.endswith(".nc") and "/" in name)[0]
    system(out).rm_file(path_of(f"{out}/{lost}"))
    whole = run(f"{bucket}/for two", out)
    assert (whole.done, whole.skipped) == (1, 5)
    assert lost in names(out)


@pytest.mark.slow
def test_processes_send_the_same(tree, tmp_path, bucket):
    run(tree, tmp_path / "here")
    summary = run(tree, f"{bucket}/by processes", workers=2)
    assert summary.done == 6
    assert content(f"{bucket}/by processes") == content_of(tmp_path / "here")


@pytest.mark.slow
def test_a_cluster_sends_the_same(tree, frames, tmp_path, bucket):
    pytest.importorskip("distributed")
    run(tree, tmp_path / "here")
    upload(tree, f"{bucket}/maps of a cluster")
    frames.cloudy(tmp_path / "night" / "a.fits", 1)
    frames.clear(tmp_path / "night" / "b" / "c.fits", 2)
    chain = chain_of("zscale-log-otsu")
    predict_sky([tmp_path / "night"], tmp_path / "seen", chain)
    with local_cluster() as cluster:
        address, out = cluster.scheduler_address, f"{bucket}/by a cluster"
        summary = run(f"{bucket}/maps of a cluster", out, scheduler=address)
        assert (summary.done, summary.failed, summary.left) == (6, [], 0)
        seen = predict_sky([tmp_path / "night"], f"{out}/sky", chain, None, scheduler=address)
        assert (seen.done, seen.failed, seen.left) == (2, [], 0)
    wanted = {f"sky/{name}": each for name, each in content_of(tmp_path / "seen").items()}
    assert content(out) == wanted | content_of(tmp_path / "here")


@pytest.mark.parametrize("form", ["netcdf", "zarr"])
def test_half_orbits_of_a_store_become_products_in_a_store(form, tmp_path, bucket):
    for number in (1, 2):
        polder_factory.write_swath(tmp_path / "raw" / "2008_06_03", 100 + number, number)
    recipe = polder_factory.recipe_of(network={"name": "mlp", "options": {"hidden": [8]}})
    model = polder_factory.untrained(tmp_path / "model", recipe, None).folder
    predict(model, tmp_path / "raw", tmp_path / "here", "--format", form)
    upload(tmp_path / "raw", f"{bucket}/{form}/raw")
    out = f"{bucket}/{form}/swaths"
    said = predict(model, f"{bucket}/{form}/raw", out, "--format", form)
    assert f"2 done, 0 skipped (already there), 0 failed: {out}" in said
    assert len({name.split("/")[1] for name in names(out) if name.startswith("2008_06_03/")}) == 2
    assert content(out) == content_of(tmp_path / "here")
    shutil.rmtree(folder_of(out))
    assert "0 done, 2 skipped" in predict(model, f"{bucket}/{form}/raw", out, "--format", form)


def test_a_store_that_does_not_answer_is_told_before_anything_is_done(tree, tmp_path, bucket):
    out = bucket.replace("bucket", "no-such-bucket") + "/out"
    with pytest.raises(OutputError, match=f"{out}: could not be written: .*see"):
        run(tree, out)
    with pytest.raises(InputError, match=f"{bucket}/nothing: "):
        run(f"{bucket}/nothing", tmp_path / "out")
    with pytest.raises(UsageError, match="https:// can be read, not written to"):
        run(tree, "https://user:word@127.0.0.1/out?sig=abc")


@pytest.mark.slow
def test_a_cube_in_a_store_has_the_bytes_of_one_on_a_disk(tmp_path, bucket):
    raw = tmp_path / "raw"
    slots_factory.write_pair(raw)
    slots_factory.write_pair(raw, slots_factory.NEXT, seed=1)
    upload(raw / "HRSEVIRI", f"{bucket}/slots")
    here = predict("seviri", raw / "HRSEVIRI", tmp_path / "here", "--format", "zarr")
    assert "2 done" in here
    url = f"{bucket}/cubes"
    said = predict("seviri", f"{bucket}/slots", url, "--format", "zarr")
    assert f"2 done, 0 skipped (already there), 0 failed: {url}" in said
    cubes = {n: h for n, h in content_of(tmp_path / "here").items() if n.startswith("cube_")}
    found = content(url)
    assert {n: h for n, h in found.items() if n.startswith("cube_")} == cubes
    shutil.rmtree(folder_of(url))
    assert "0 done, 2 skipped" in predict("seviri", f"{bucket}/slots", url, "--format", "zarr")
    assert content(url) == found
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path


def predict(*words):
    words = ["predict", *words[:2], "-o", *words[2:], "--no-picture"]
    result = CliRunner().invoke(cli.app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    assert SECRET not in result.output
    return " ".join(result.output.split())
