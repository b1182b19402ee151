"""`beachhead read` says in one sentence what many open gates have in common."""

from types import SimpleNamespace

from beachhead.cli.read import gate_lines
from beachhead.launch.gate import Verdict

NAMES = {"AT": "Austria", "NO": "Norway", "SE": "Sweden"}


def found(*judged: tuple[str, Verdict, float, int]) -> SimpleNamespace:
    judgements = [
        SimpleNamespace(market=market, verdict=verdict, odds=odds, reason="too little is known")
        for market, verdict, odds, _ in judged
    ]
    return SimpleNamespace(
        judgements=judgements, moved=[SimpleNamespace(market=market, days=days) for market, _, _, days in judged]
    )


def test_gates_whose_markets_sent_nothing_yet_share_a_sentence():
    told = gate_lines(
        found(
            ("AT", Verdict.UNDECIDED, 0.28, 0), ("NO", Verdict.UNDECIDED, 0.63, 30), ("SE", Verdict.UNDECIDED, 0.25, 0)
        ),
        NAMES,
    )
    assert told == [
        "Norway: the gate says undecided; too little is known.",
        "2 gates stay undecided until their markets send rows; odds of breaking even: Austria 28 %, Sweden 25 %.",
    ]


def test_a_gate_that_says_stop_keeps_its_own_sentence_though_nothing_was_sent():
    told = gate_lines(found(("AT", Verdict.STOP, 0.01, 0), ("SE", Verdict.UNDECIDED, 0.25, 0)), NAMES)
    assert told == [
        "Austria: the gate says stop; too little is known.",
        "Sweden: the gate says undecided; too little is known.",
    ]
