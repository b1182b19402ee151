"""The version, said once: of the package and its API, and what the workers of a cluster must share."""

VERSION = "0.1.0"
