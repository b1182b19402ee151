"""The demand model of an entry, learnt on real entries and tested on them against every simple forecaster."""
