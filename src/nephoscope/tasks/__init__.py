"""What is predicted: each task owns its outputs, its probability and its threshold."""
