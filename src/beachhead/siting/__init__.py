"""Where the next stores and service centres go, in what order, what each adds, and how far that is from the best."""
