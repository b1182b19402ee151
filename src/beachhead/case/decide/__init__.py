"""A person decides: what is due, what is stated with it, what goes on record."""
