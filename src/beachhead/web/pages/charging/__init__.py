"""Charging on the wire: one car, a whole home, the value by market."""
