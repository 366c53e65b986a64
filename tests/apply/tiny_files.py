"""Pictures of the fifth instrument, with truth by an easy rule, and recipes that learn it."""

import numpy as np
import yaml

from apply.tiny_task import HEIGHTS

ROWS, COLS = 32, 48
INPUTS = {"features": {"picture": ["near", "far"]}}
FAST = {"batch": 4, "workers": 1, "learning_rate": 0.02, "warmup": 0.0}
RECIPES = {
    "pixels": {
        "task": "mask",
        "inputs": INPUTS,
        "network": {"name": "unet", "options": {"widths": [8, 8], "head": 8}},
        "training": {
            "crop": [32, 32],
            "steps": 90,
            "validate_every": 45,
            "augmentation": {"flip_y": True, "quarter_turns": True},
            **FAST,
        },
        "apply": {"tile": [16, 24], "overlap": 8},
    },
    "frame": {
        "task": "sky_state",
        "inputs": INPUTS,
        "network": {"name": "cnn", "options": {"widths": [4, 8]}},
        "training": {"steps": 80, "validate_every": 40, **FAST},
    },
    "points": {
        "task": "layer",
        "inputs": INPUTS,
        "network": {"name": "unet", "options": {"widths": [8, 8], "head": 16}},
        "training": {
            "crop": [32, 32],
            "steps": 60,
            "validate_every": 30,
            "augmentation": {"flip_y": True, "quarter_turns": True},
            **FAST,
        },
        "apply": {"tile": [16, 24], "overlap": 8},
    },
}


def write_recipe(folder, form):
    path = folder / f"tiny-{form}.yaml"
    recipe = {"name": f"tiny-{form}", "instrument": "tiny", **RECIPES[form]}
    path.write_text(yaml.safe_dump(recipe, sort_keys=False))
    return path


NUMBERS = range(15)


def start_of(number):
    return np.datetime64("2020-01-01T00:00") + number * np.timedelta64(15, "m")


def name_of(number):
    return "S_" + str(start_of(number)).replace("-", "").replace(":", "")


def picture_of(number):
    """`near` is bright in blocks of cloud, `far` high or low with slopes; a corner is missing."""
    rng = np.random.default_rng(number)
    cloud = rng.random((ROWS // 4, COLS // 4)) < (0.1 if number % 2 else 0.6)
    cloud = np.kron(cloud, np.ones((4, 4), bool))
    near = np.where(cloud, 0.7, 0.3) + rng.normal(0, 0.03, cloud.shape)
    row, col = np.indices(cloud.shape)
    far = 0.5 + 0.35 * np.tanh(4 * np.sin(row / 9 + number) * np.cos(col / 13))
    image = np.stack([near, far]).astype(np.float32)
    image[:, :3, :5] = np.nan
    return image, cloud


def track_of(number):
    row = np.linspace(4.2, ROWS - 2.3, 40)
    return row, np.linspace(6.7 + number % 7, COLS - 9.1 + number % 7, 40)


def height_at(image, row, col):
    """Level of the layer: that of `far`, bilinear between pixels."""
    top, left = np.floor(row).astype(int), np.floor(col).astype(int)
    down, across = row - top, col - left
    far = image[1]
    upper = far[top, left] * (1 - across) + far[top, left + 1] * across
    lower = far[top + 1, left] * (1 - across) + far[top + 1, left + 1] * across
    return np.floor((upper * (1 - down) + lower * down) * len(HEIGHTS)).astype(int)


def write_picture(folder, number):
    name = name_of(number)
    image, cloud = picture_of(number)
    row, col = track_of(number)
    layer = (np.arange(len(HEIGHTS)) == height_at(image, row, col)[:, None]).astype(np.int8)
    layer[::9] = -1
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.tiny").open("wb") as file:
        np.savez(file, image=image, latitude=10.0, longitude=20.0)
    with (folder / f"{name}.truth").open("wb") as file:
        mask = cloud.astype(np.int8)
        mask[-2:] = -1
        np.savez(file, mask=mask, state=np.int8(number % 2 == 0), row=row, col=col,
                 time_offset=np.linspace(-60.0, 60.0, 40), layer=layer)  # fmt: skip
    return folder / f"{name}.tiny"
