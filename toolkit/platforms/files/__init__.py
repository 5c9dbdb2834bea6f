"""Files as they lie on a disk, and the cells in them as text."""
