"""Siting for an open launch: tables, settlements and minutes in; sites and their worth out."""
