"""Folders as the generator of A-Train Cloud Segmentation writes them, small, both versions."""

import json
import pickle
from pathlib import Path

import numpy as np
from benchmarks.original_polder import match, vincenty

from nephoscope.grids.sinusoidal import POLDER

SIZE, LEVELS = 24, 125
DIRECTIONAL = "I443NP I490P Q490P U490P phi thetas thetav".split()
PLAIN = "Nviews cloud_indicator Latitude Longitude land_sea_flag surface_altitude".split()
GROUPS = {"Nviews": "Data_Fields", "cloud_indicator": "Data_Fields"}
STARTS = {  # CALTRACK's and PARASOL's
    "a": ("2008-06-03T01-32-43", "2008-06-03T01-34-54", "080176"),
    "b": ("2008-06-05T03-00-00", "2008-06-05T03-02-11", "080207"),
}
CODING = {  # scale, fill, missing
    **dict.fromkeys(("I443NP", "I490P", "Q490P", "U490P"), (1e-4, 32767, -32767)),
    "phi": (0.006, 65535, 65534),
    "thetas": (0.0015, 65535, 65534),
    "thetav": (0.0015, 65535, 65534),
    **dict.fromkeys(("Nviews", "cloud_indicator", "land_sea_flag"), (1.0, 255, 254)),
    **dict.fromkeys(("Latitude", "Longitude"), (1.0, 99999.0, -99999.0)),
    "surface_altitude": (1.0, 32767, -32767),
}


def decode(codes):
    """The seven parts as the original takes them apart, -9999 included."""
    bits = codes.astype(np.int64) % 32768
    parts = {}
    for name, low, width in (
        ("cloud_scenario_flag", 0, 1), ("cloud_scenario", 1, 4), ("land_sea_flag", 5, 2),
        ("latitude_flag", 7, 2), ("algorithm_flag", 9, 2), ("quality_flag", 11, 2),
        ("precipitation_flag", 13, 2),
    ):  # fmt: skip
        parts[name] = ((bits // 2**low) % 2**width).astype(np.int16)
    return parts


def draw_codes(rng, profiles):
    """16-bit codes, most of them determined; some are missing."""
    kind = rng.choice([0, 0, 0, 1, 5, 8], (profiles, LEVELS))
    determined = rng.random(kind.shape) < 0.97
    codes = determined + 2 * kind + 32 * rng.integers(0, 4) + 2048 * (rng.random(kind.shape) < 0.8)
    codes = codes.astype(np.int16)
    codes[rng.random(kind.shape) < 0.02] = -9999
    return codes


def draw_profiles(rng, latitude, longitude):
    """Places along a track through the middle of a picture, with heights and codes."""
    number = 32
    lat = np.linspace(latitude.min() - 0.05, latitude.max() + 0.05, number)
    middle = longitude[SIZE // 2, SIZE // 2]
    lon = middle + 0.25 * (lat - lat.mean()) + rng.uniform(-0.01, 0.01, number)
    heights = np.tile(np.rint(25_000 - 240.0 * np.arange(LEVELS)).astype(np.int16), (number, 1))
    heights[3, :5] = -9999
    time = 486_000_000.0 + 0.7 * np.arange(number)
    return lat, lon, heights, draw_codes(rng, number), time


def draw_picture(rng, latitude, longitude, fields=(*DIRECTIONAL, *PLAIN)):
    """Values float64 (y, x, channel) with codes among them, and counts by field, NaN if missing."""
    planes, counts = [], {}
    for name in fields:
        scale, fill, missing = CODING[name]
        shape = (SIZE, SIZE, 16) if name in DIRECTIONAL else (SIZE, SIZE, 1)
        if name in ("Latitude", "Longitude"):
            count = (latitude if name == "Latitude" else longitude)[..., None].astype(np.float32)
        elif name[0] in "QU":
            count = rng.integers(-3000, 3000, shape)
        elif name in CODING and scale == 1:
            count = rng.integers(0, 101, shape)
        else:
            count = rng.integers(1, 32_000 if scale == 1e-4 else 46_000, shape)
        values = count * np.float64(scale)
        lost = np.zeros(shape, bool)
        if name in DIRECTIONAL:
            lost[..., 14:] = True
            values[..., 14:] = -32767.0 if name == "I443NP" else fill
            lost[2, 3, 5], values[2, 3, 5] = True, missing
        planes.append(values)
        counts[name] = np.where(lost, np.nan, count)
    return np.concatenate(planes, axis=-1), counts


def make_folder(folder: Path, version=1, samples=3, fields=(*DIRECTIONAL, *PLAIN), protocol=4):
    """Write a folder; what it was made of comes back by id."""
    rng, index, made = np.random.default_rng(11), {}, {}
    for number in range(samples):
        name, key = f"{number:05d}", "ab"[number % 2]
        made[name] = _sample(rng, version, number, fields)
        track, picture, half_orbit = STARTS[key]
        day = f"{picture[:4]}/{picture[:10].replace('-', '_')}"
        paths = {"input": f"input/{day}/{name}.npy", "output": f"output/{day}/{name}.pkl"}
        for kind, path in paths.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            if kind == "input":
                np.save(folder / path, made[name]["picture"])
            else:
                (folder / path).write_bytes(pickle.dumps(made[name]["output"], protocol))
        index[name] = {
            "cal_par_file": f"CALTRACK-5km_PAR-RB2_V1-00_{track}ZD.hdf",
            "par_file": f"POLDER3_L1B-BG1-{half_orbit}M_{picture}_V1-01.h5",
            "cldclass_file": f"CALTRACK-5km_CS-2B-CLDCLASS_V1-00_{track}ZD.hdf",
            "instance id": name,
            "input_path": f"data/atrain/{paths['input']}",
            "output_path": f"data/atrain/{paths['output']}",
            "cal_par_datetime": track.replace("T", " "),
        }
    write_json(folder / "instance_info.json", index)
    generation = {"args": {}, "seed": 1, "date_list": ["2008_6_3"]}
    generation["par_fields"] = [[group_of(name), name] for name in fields]
    if version:
        generation["par_field_attributes"] = _attributes(fields)
    write_json(folder / "dataset_generation_info.json", generation)
    ids = sorted(index)
    write_json(folder / "split_default.json", {"train": ids[:-1], "val": ids[-1:]})
    return made


def write_json(path, content):
    path.write_text(json.dumps(content), encoding="utf-8")


def group_of(name):
    if name in DIRECTIONAL:
        return "Data_Directional_Fields"
    return GROUPS.get(name, "Geolocation_Fields")


def _attributes(fields):
    told = {}
    for name in fields:
        scale, fill, missing = CODING[name]
        told.setdefault(group_of(name), {})[name] = {
            "scale_factor": scale, "add_offset": 0.0, "_FillValue": [fill],
            "missing_value": missing, "Num_Fill": 3,
        }  # fmt: skip
    return told


def _sample(rng, version, number, fields):
    first, longitude = 900 + 400 * number, -40.0 + 50 * number
    if version:
        rows = first + np.arange(SIZE)
        half = POLDER.half_length(rows)
        start = np.ceil(3239.5 + half * longitude / 180 - SIZE / 2).astype(int)
        cols = start[:, None] + np.arange(SIZE)
        lat = np.repeat(POLDER.to_latitude(rows)[:, None], SIZE, 1)
        lon = (cols - 3239.5) * 180 / half[:, None]
    else:
        north = POLDER.to_latitude(first)
        lat, lon = np.meshgrid(
            np.linspace(north, north - SIZE / 18, SIZE),
            longitude + np.linspace(-1, 1, SIZE) * SIZE / 30,
            indexing="ij",
        )
    picture, counts = draw_picture(rng, lat, lon, fields)
    places = draw_profiles(rng, lat, lon)
    kept, where = _corners(lat, lon, *places[:2]) if version else _fractional(lat, lon, *places[:2])
    latitude, longitude, heights, codes, time = (each[kept] for each in places)
    output = {
        "lat": latitude, "lon": longitude, "height": heights, "time": time,
        "cloud_scenario": decode(codes), **where,
    }  # fmt: skip
    return {
        "picture": picture, "counts": counts, "output": output, "codes": codes,
        "latitude": lat, "longitude": lon,
        "first_row": first if version else -1,
        "origin": start if version else np.full(SIZE, -1),
    }  # fmt: skip


def _corners(lat, lon, latitude, longitude):
    found = match((latitude, longitude), (lat.ravel(), lon.ravel()), vincenty)
    pixel = found.pixel[found.enclosed]
    index = np.stack(np.unravel_index(pixel, lat.shape), axis=-1)
    return found.enclosed, {"corner_idx": index, "corner_weights": found.weight[found.enclosed]}


def _fractional(lat, lon, latitude, longitude):
    row = (latitude - lat[0, 0]) / (lat[1, 0] - lat[0, 0])
    col = (longitude - lon[0, 0]) / (lon[0, 1] - lon[0, 0])
    kept = (row >= 0) & (row <= SIZE - 1) & (col >= 0) & (col <= SIZE - 1)
    return kept, {"patch_idx": (row[kept], col[kept]), "instance_id": "x"}
