"""Explorer of products in a browser of this machine: maps, profiles at a point, curtains."""
