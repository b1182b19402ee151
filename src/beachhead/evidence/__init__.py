"""Reads the world's data (folder tables, registrations, official sources) into nouns."""
