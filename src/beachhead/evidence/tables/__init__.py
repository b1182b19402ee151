"""One file a table of the launch folder: every column with meaning, unit, range, default."""
