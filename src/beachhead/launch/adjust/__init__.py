"""What to change in a market before full launch: price, trim list or mix; and what would settle the choice."""
