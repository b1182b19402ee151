"""Answers of the side rooms on record, and what a plan makes of them."""
