"""What rooms answer, read into the shapes of the wire field by field; what is not a finite number crosses as null."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator

from beachhead.web.wire.browser_words import in_browser


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


Known = Annotated[float | None, BeforeValidator(_finite)]
"""A number, or null where it is not finite: a break-even that no demand reaches, a cost of a closed route."""


Sentence = Annotated[str, AfterValidator(in_browser)]
"""What a room says, in the words of a browser."""


class Typed(BaseModel):
    """What somebody types; every body that is no file is one."""

    @model_validator(mode="before")
    @classmethod
    def _is_text(cls, typed: Any) -> Any:
        r"""Half of a character, as in "\ud800", is JSON and no text: no file, page or answer could hold it."""
        try:
            if isinstance(typed, dict):  # what is not, such as bytes that are said to be no JSON, is refused as that
                json.dumps(typed, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ValueError("holds half of a character") from None
        return typed


class FromRoom(BaseModel):
    """A shape whose fields are named as those of the noun it is read from."""

    model_config = ConfigDict(from_attributes=True)
