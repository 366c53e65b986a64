"""Raw files with known truth, in each instrument's own format."""
