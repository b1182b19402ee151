"""The plan of an open launch, and the questions that are asked of it."""
