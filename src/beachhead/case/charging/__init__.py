"""Charging for an open launch or a home: records in, plans and values out."""
