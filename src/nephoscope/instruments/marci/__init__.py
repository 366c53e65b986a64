"""MARCI Mars Daily Global Maps (MDGM): RGB JPEG maps, Ls tables and cloud-mask labels.

Format: Wang & Ismail MDGM, doi 10.7910/DVN/U3766S (distribution) and 10.7910/DVN/WU6VZ8 (with
labels, Wang & González Abad 2021, doi 10.3390/geosciences11080324).
"""

from nephoscope.instruments.marci.bounds import (
    black_borders,
    label_bounds,
    season_rows,
    seasonal_bounds,
)
from nephoscope.instruments.marci.labels import label_path_for, read_label
from nephoscope.instruments.marci.maps import is_map, missing_mask, read_map, read_pixels
from nephoscope.instruments.marci.names import MapName, find_maps, one_each, parse_map_id
from nephoscope.instruments.marci.tables import (
    find_season,
    image_ids_path_for,
    read_image_ids,
    read_ls_table,
    season_of,
)
from nephoscope.instruments.scene_file import SceneFile

__all__ = [
    "MapName",
    "SceneFile",
    "black_borders",
    "find_maps",
    "find_season",
    "image_ids_path_for",
    "is_map",
    "label_bounds",
    "label_path_for",
    "missing_mask",
    "one_each",
    "parse_map_id",
    "read_image_ids",
    "read_label",
    "read_ls_table",
    "read_map",
    "read_pixels",
    "season_of",
    "season_rows",
    "seasonal_bounds",
]
