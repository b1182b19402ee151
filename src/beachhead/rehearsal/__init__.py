"""Plays whole launches in made-up worlds: value captured, false scale and stop, cover, time to decision."""
