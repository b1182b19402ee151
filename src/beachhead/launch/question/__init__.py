"""The question that a plan answers: options, limits, objective and open gates, as nouns and as arrays."""
