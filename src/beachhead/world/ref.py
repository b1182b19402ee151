"""A reference to a record by what it says, not by where it lies."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """Content address of a record.

    Attributes:
        kind: noun of the record, such as `belief`, `plan`, `reading`.
        sha256: 64 hex digits over the record's canonical text.
    """

    kind: str
    sha256: str

    def __post_init__(self) -> None:
        if not self.kind.isidentifier() or not _HEX.fullmatch(self.sha256):
            raise ValueError(f"not a reference: {self.kind}:{self.sha256}")

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Read `kind:sha256`."""
        kind, _, digest = text.partition(":")
        return cls(kind, digest)

    def __str__(self) -> str:
        return f"{self.kind}:{self.sha256}"

    @property
    def short(self) -> str:
        """First ten digits, for people."""
        return self.sha256[:10]
