"""Pictures: every function returns a matplotlib Figure; saving is the caller's."""

MADE_BY = {"Software": "nephoscope"}
"""What a picture says of itself in its PNG, so that finders of frames know it for ours."""
