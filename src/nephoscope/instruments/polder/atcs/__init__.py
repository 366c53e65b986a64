"""A-Train Cloud Segmentation: the folders of samples that its generator made, both versions.

Layout read from the public source (see the data set's README, Foley et al. 2024, doi
10.5194/amt-17-7027-2024): `input/…/<id>.npy` float64 (100, 100, channels), `output/…/<id>.pkl` and
JSON files. Version 1 has native rows of the grid and four corners of each label with weights by
inverse distance; version 0 has evenly spaced pictures and fractional pixels.
"""

from nephoscope.instruments.polder.atcs.folder import AtcsFolder, open_folder
from nephoscope.instruments.polder.atcs.index import recognises
from nephoscope.instruments.polder.atcs.pictures import LOST
from nephoscope.instruments.polder.atcs.plain_pickle import read_plain
from nephoscope.instruments.polder.atcs.profiles import decoded

__all__ = ["LOST", "AtcsFolder", "decoded", "open_folder", "read_plain", "recognises"]
