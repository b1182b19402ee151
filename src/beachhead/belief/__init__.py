"""What we believe demand to be in every market, and how a reading changes that.

The only room that knows a prior; it never sees the plan that wants it.
"""
