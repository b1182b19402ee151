"""Plans that serve an objective other than expected value: how they are steered, what they cost, what limits them."""
