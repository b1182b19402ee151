"""Where scaling breaks even, what readings make of a registered gate, and what counts show however often one looks."""
