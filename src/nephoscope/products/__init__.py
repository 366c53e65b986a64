"""Products: what users get. CF conventions as data, atomic writing, reading back."""
