"""Rows that come in: kept whole or not at all, in the columns of whoever sends them."""
