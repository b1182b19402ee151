"""Supply for an open launch: the plan's cars in; ways, landed cost and margin out."""
