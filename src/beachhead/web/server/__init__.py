"""The server beneath the pages: who may ask, the launch on the desk, long work, what is told at once."""
