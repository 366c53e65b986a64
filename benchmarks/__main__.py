"""`make bench`: speed and memory on a generated map, with the shipped model."""

from benchmarks.mars_speed import main

main()
