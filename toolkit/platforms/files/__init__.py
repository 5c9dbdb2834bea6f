"""Files on disk, and their cells as text."""
