"""Archives: where raw files come from, over one resumable, verified transfer."""
