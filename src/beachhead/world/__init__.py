"""The nouns that two or more rooms need; this floor imports nothing of ours.

Build loosely, freeze once: what exists is valid.
"""
