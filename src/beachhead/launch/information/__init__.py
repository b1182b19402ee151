"""The value of information: batches, facts, factors, decisions in hindsight, and what a pilot can tell."""
