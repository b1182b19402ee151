"""Published numbers, each beside what the functions that production calls make of the same question."""
