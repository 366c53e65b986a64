"""The sky camera's whole road: classify each frame, then segment it, then say what it comes to."""
