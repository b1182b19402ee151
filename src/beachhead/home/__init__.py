"""The driver's face: a home server read, learnt from and told when the car charges."""
