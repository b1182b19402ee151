from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from beachhead.ledger import Act, Entry, Head, Line, Outcome, Said, Stated, append, entry_of, settle, text_of, verify
from beachhead.world.ref import Ref

calm = settings(deadline=None, derandomize=True, max_examples=200)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = words.filter(str.strip)
stated = st.builds(
    Stated, name=names, event=names, probability=st.floats(0, 1), by=st.dates(), forecaster=st.sampled_from(["a", "b"])
)
said = st.builds(
    Said,
    at=st.datetimes(
        datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.sampled_from([UTC, timezone(timedelta(hours=9))])
    ),
    who=names,
    act=st.sampled_from([Act.FORECAST, Act.OUTCOME, Act.TARGET, Act.DRAFT, Act.GATES]),
    market=words,
    recommended=words,
    chosen=words,
    because=words,
    odds=st.lists(stated, max_size=2).map(tuple),
    outcomes=st.lists(st.builds(Outcome, name=names, happened=st.booleans()), max_size=2).map(tuple),
    refs=st.lists(st.builds(Ref, st.just("plan"), st.sampled_from(["a" * 64, "b" * 64])), max_size=2).map(tuple),
)


def chain(sayings: list[Said]) -> tuple[list[Line], Head]:
    head, lines = Head(), []
    for saying in sayings:
        _, line = append(saying, after=head)
        lines.append(line)
        head = Head(number=line.number, sha256=line.sha256)
    return lines, head


@calm
@given(said, st.integers(1, 10**6))
def test_an_entry_reads_back_as_it_was_said(saying, number):
    entry = Entry(number=number, predecessor="0" * 64, said=saying)
    assert entry_of(text_of(entry)) == entry
    assert text_of(entry_of(text_of(entry))) == text_of(entry)


@calm
@given(st.lists(said, max_size=5))
def test_a_ledger_nobody_touched_is_whole(sayings):
    lines, head = chain(sayings)
    verdict = verify(lines, head)
    assert verdict.whole
    assert verdict.head == head
    assert [entry_of(line.text).said for line in lines] == sayings


@calm
@given(st.lists(said, min_size=1, max_size=5), st.data())
def test_one_altered_row_is_found_and_named(sayings, data):
    lines, head = chain(sayings)
    at = data.draw(st.integers(0, len(lines) - 1))
    line = lines[at]
    field = data.draw(st.sampled_from(["text", "sha256", "predecessor", "number"]))
    if field == "number":
        altered = replace(line, number=data.draw(st.integers(-3, 9)))
    else:
        old = getattr(line, field)
        where = data.draw(st.integers(0, len(old) - 1))
        letter = data.draw(st.sampled_from('0123456789abcdefxyz{}"'))
        altered = replace(line, **{field: old[:where] + letter + old[where + 1 :]})
    assume(altered != line)
    verdict = verify([*lines[:at], altered, *lines[at + 1 :]], head)
    assert not verdict.whole
    assert altered.number in {fault.number for fault in verdict.breaks}


@calm
@given(st.lists(said, min_size=1, max_size=5), said, st.data())
def test_a_row_replaced_with_a_fitting_digest_is_found_at_the_row_after(sayings, other, data):
    lines, head = chain(sayings)
    at = data.draw(st.integers(0, len(lines) - 1))
    assume(other != sayings[at])
    _, forged = append(other, after=Head(number=at, sha256=lines[at].predecessor))
    verdict = verify([*lines[:at], forged, *lines[at + 1 :]], head)
    assert not verdict.whole
    assert min(fault.number for fault in verdict.breaks) in (at + 1, at + 2)


@calm
@given(st.lists(said, min_size=1, max_size=6), st.data())
def test_removed_rows_are_found(sayings, data):
    lines, head = chain(sayings)
    kept = data.draw(st.lists(st.sampled_from(lines), unique=True, max_size=len(lines) - 1))
    kept.sort(key=lambda line: line.number)
    verdict = verify(kept, head)
    assert not verdict.whole
    first_gone = next(n for n in range(1, len(lines) + 1) if n not in {line.number for line in kept})
    assert min(fault.number for fault in verdict.breaks) <= first_gone + len(lines) - len(kept)


@calm
@given(st.lists(said, min_size=2, max_size=6), st.randoms())
def test_reordered_rows_are_found(sayings, random):
    lines, head = chain(sayings)
    shuffled = lines[:]
    random.shuffle(shuffled)
    assume(shuffled != lines)
    assert not verify(shuffled, head).whole
    renumbered = [replace(line, number=place) for place, line in enumerate(shuffled, start=1)]
    assert not verify(renumbered, head).whole


def test_whoever_rewrites_the_whole_chain_is_caught_by_a_digest_noted_elsewhere():
    at = datetime(2027, 1, 1, tzinfo=UTC)
    honest, head = chain([Said(at=at, who="Ann", act=Act.TARGET, chosen="top five")])
    forged, forged_head = chain([Said(at=at, who="Ann", act=Act.TARGET, chosen="top ten")])
    assert verify(forged, forged_head).whole
    assert verify(honest, head, expected=head.sha256[:10]).whole
    assert "you noted is not in the ledger" in verify(forged, forged_head, expected=head.sha256).breaks[0].what


def test_missing_last_entries_are_named():
    at = datetime(2027, 1, 1, tzinfo=UTC)
    lines, head = chain([Said(at=at, who="Ann", act=Act.TARGET) for _ in range(4)])
    assert [(b.number, b.what) for b in verify(lines[:2], head).breaks] == [
        (3, "entries 3 to 4 are missing at the end")
    ]
    assert verify([], head).breaks[0].what == "entries 1 to 4 are missing at the end"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"at": datetime(2027, 1, 1)}, "no time zone"),
        ({"who": " "}, "names who"),
        ({"act": Act.OVERRIDE}, "says why"),
        ({"act": Act.DECISION, "recommended": "scale", "chosen": "hold"}, "that is an override"),
    ],
)
def test_an_entry_that_says_too_little_is_refused(change, complaint):
    with pytest.raises(ValueError, match=complaint):
        Said(**{"at": datetime(2027, 1, 1, tzinfo=UTC), "who": "Ann", "act": Act.TARGET} | change)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"number":1}', "{", '{"number":1,"predecessor":"x","at":3}'])
def test_text_that_is_no_entry_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011  whichever part is wrong
        entry_of(text)


def test_odds_stated_after_their_outcome_was_known_do_not_count():
    at = datetime(2027, 1, 1, tzinfo=UTC)

    def odds(probability: float) -> Said:
        event = Stated(name="sold", event="NO sells 100", probability=probability, by=date(2027, 4, 1))
        return Said(at=at, who="b", act=Act.FORECAST, odds=(event,))

    outcome = Said(at=at, who="b", act=Act.OUTCOME, outcomes=(Outcome(name="sold", happened=True),))
    entries = [entry_of(line.text) for line in chain([odds(0.4), outcome, odds(0.99)])[0]]
    assert [settled.stated.probability for settled in settle(entries)] == [0.4]
