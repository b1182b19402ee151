"""What may be sold where, with which features, from when, and what is missing. Sees no probabilities."""
