"""Plans when a car charges, from what its home has shown so far, and says what that is worth in a market."""
