"""What is done at a gate: option values, shadow prices, the choice among sets of starts, played through a world."""
