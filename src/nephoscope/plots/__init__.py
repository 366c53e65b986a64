"""Pictures: every function returns a matplotlib Figure; saving is the caller's."""
