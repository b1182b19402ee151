import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum, StrEnum
from typing import ClassVar, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from typing_extensions import TypeAliasType, TypeVar

from beachhead.store import decode, digest, encode
from beachhead.world.quarter import Quarter
from beachhead.world.source import Grade, Source


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Size(Enum):
    SMALL = 1
    LARGE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    name: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    name: str


@dataclass(frozen=True)
class Point:
    x: float
    y: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tree:
    text: str
    whole: int
    real: float
    flag: bool
    day: date
    instant: datetime
    colour: Colour
    size: Size
    maybe: float | None
    mixed: int | float | str | None
    arm: Leaf | Other
    leaves: tuple[Leaf, ...]
    pair: tuple[str, float]
    names: frozenset[str]
    by_year: dict[int, float]
    by_quarter: Mapping[Quarter, Leaf]
    point: Point | None
    mode: Literal["a", "b"]
    array: NDArray[np.float64]
    counts: NDArray[np.int32]
    within: "Tree | None" = None


finite = st.floats(allow_nan=False, allow_infinity=False)
text = st.text(st.characters(exclude_categories=["Cs"]))
leaf = st.builds(Leaf, name=text, share=st.floats(allow_nan=False))
instants = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))]))
trees = st.builds(
    Tree,
    text=text,
    whole=st.integers(),
    real=st.floats(),
    flag=st.booleans(),
    day=st.dates(),
    instant=instants.filter(lambda at: 1 < at.year < 9999),
    colour=st.sampled_from(Colour),
    size=st.sampled_from(Size),
    maybe=st.none() | finite,
    mixed=st.none() | st.integers() | finite | text,
    arm=leaf | st.builds(Other, name=text),
    leaves=st.lists(leaf, max_size=3).map(tuple),
    pair=st.tuples(text, finite),
    names=st.frozensets(text, max_size=4),
    by_year=st.dictionaries(st.integers(), finite, max_size=4),
    by_quarter=st.dictionaries(st.builds(Quarter, st.integers(1900, 2200), st.integers(1, 4)), leaf, max_size=3),
    point=st.none() | st.builds(Point, finite, st.integers()),
    mode=st.sampled_from(["a", "b"]),
    array=hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0)),
    counts=hnp.arrays(np.int32, 4),
    within=st.none(),
)


def bits(value: float) -> bytes:
    return np.float64(value).tobytes()


@settings(deadline=None, derandomize=True, max_examples=200)
@given(trees)
def test_what_is_read_back_writes_the_same_text_bit_for_bit(tree):
    written = encode(tree)
    again = decode(written, Tree)
    assert encode(again) == written
    assert digest(encode(again)) == digest(written)
    assert math.isnan(again.real) if math.isnan(tree.real) else bits(again.real) == bits(tree.real)
    assert again.array.tobytes() == tree.array.tobytes()
    assert again.array.shape == tree.array.shape
    assert again.array.dtype == np.float64
    assert again.instant == tree.instant
    same = ("text", "whole", "flag", "day", "colour", "size", "maybe", "arm", "leaves", "pair", "names", "by_year")
    for field in (*same, "by_quarter", "mode", "point"):
        assert getattr(again, field) == getattr(tree, field), field
    assert type(again.mixed) is type(tree.mixed)
    assert again.mixed == tree.mixed


@settings(deadline=None, derandomize=True)
@given(st.dictionaries(st.integers(), finite), st.frozensets(text), st.randoms())
def test_the_order_in_which_a_set_or_dict_was_filled_never_changes_the_digest(by_year, names, random):
    @dataclass(frozen=True)
    class Bag:
        by_year: dict[int, float]
        names: frozenset[str]

    pairs, items = list(by_year.items()), list(names)
    random.shuffle(pairs)
    random.shuffle(items)
    assert encode(Bag(by_year, names)) == encode(Bag(dict(pairs), frozenset(items)))


@settings(deadline=None, derandomize=True)
@given(finite, finite)
def test_two_floats_share_a_digest_only_if_they_share_their_bits(one, other):
    same = digest(encode(Leaf(name="", share=one))) == digest(encode(Leaf(name="", share=other)))
    assert same == (bits(one) == bits(other))


def test_a_whole_number_in_a_float_field_is_the_same_record_as_the_float():
    assert encode(Leaf(name="x", share=1)) == encode(Leaf(name="x", share=1.0))
    assert encode(Leaf(name="x", share=np.float64(0.1))) == encode(Leaf(name="x", share=0.1))


def test_a_record_reads_as_text_a_person_can_follow():
    source = Source(who="OFV", as_of=date(2027, 1, 2), grade=Grade.A)
    assert encode(source) == '{"as_of":"2027-01-02","grade":"A","is":"Source","who":"OFV"}'


def test_an_array_read_back_is_read_only():
    @dataclass(frozen=True)
    class Held:
        values: NDArray[np.float64]

    held = decode(encode(Held(np.arange(6.0).reshape(2, 3)[:, ::-1])), Held)
    assert held.values.tolist() == [[2, 1, 0], [5, 4, 3]]
    with pytest.raises(ValueError, match="read-only"):
        held.values[0, 0] = 1


Number = TypeVar("Number", bound=np.generic)
Numbers = TypeAliasType("Numbers", np.ndarray[tuple[int, ...], np.dtype[Number]], type_params=(Number,))
"""As NumPy itself spells NDArray from version 2.5 on."""
Many = TypeAliasType("Many", tuple[int, ...])


@dataclass(frozen=True)
class Aliased:
    values: Numbers[np.float64]
    counts: Many


def test_a_field_said_by_an_alias_is_recorded_as_what_the_alias_stands_for():
    read = decode(encode(Aliased(values=np.array([0.1, 2.0]), counts=(1, 2))), Aliased)
    assert read.values.tolist() == [0.1, 2.0]
    assert read.values.dtype == np.float64
    assert read.counts == (1, 2)


def test_a_noun_that_gained_a_field_with_a_default_still_reads_old_records():
    @dataclass(frozen=True)
    class Leaf:
        name: str
        share: float
        colour: Colour = Colour.RED

    assert decode('{"is":"Leaf","name":"x","share":0.5}', Leaf) == Leaf("x", 0.5)


def test_a_noun_that_was_called_otherwise_still_reads_old_records():
    @dataclass(frozen=True)
    class Twig:
        FORMERLY: ClassVar[tuple[str, ...]] = ("Branch",)
        name: str

    assert decode('{"is":"Branch","name":"x"}', Twig) == Twig("x")
    assert '"is":"Twig"' in encode(Twig("x"))
    with pytest.raises(ValueError, match="expected a Twig, the record holds a Leaf"):
        decode('{"is":"Leaf","name":"x"}', Twig)


@pytest.mark.parametrize(
    ("kind", "value", "complaint"),
    [
        (datetime, datetime(2027, 1, 1), "no time zone"),
        (date, datetime(2027, 1, 1, tzinfo=UTC), "not a date"),
        (str, 3, "not text"),
        (int, 0.5, "cannot be interpreted as an integer"),
        (bool, 1, "not true or false"),
        (str, "\ud800", "surrogates"),
        (float | str, math.nan, "cannot be told from text"),
        (date | str, "x", "look alike"),
        (Leaf | Other, 3, "none of"),
        (object, 3, "no way to record"),
        (NDArray[np.float64], np.array([object()]), "no portable bytes"),
    ],
)
def test_what_has_no_exact_text_is_refused_by_field(kind, value, complaint):
    @dataclass(frozen=True)
    class Held:
        value: kind  # type: ignore[valid-type]

    with pytest.raises((TypeError, ValueError), match=complaint) as caught:
        encode(Held(value))
    assert "Held.value" in str(caught.value)


def test_a_record_is_never_read_as_another_noun_or_with_fields_unknown():
    with pytest.raises(ValueError, match="expected a Other, the record holds a Leaf"):
        decode(encode(Leaf(name="x", share=1)), Other)
    with pytest.raises(ValueError, match="no field colour"):
        decode('{"is":"Other","name":"x","colour":"red"}', Other)
