"""Odds that were stated, what came of them, and how good they were."""
