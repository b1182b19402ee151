"""The open launch: the only room that knows the other rooms and the store; computes no number."""
