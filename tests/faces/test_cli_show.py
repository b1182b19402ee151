import json
from datetime import date

import numpy as np
import pytest

from beachhead.cli.show import cars, money, percent, show_json, show_table
from beachhead.world.source import Grade, Source


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "EUR 0"), (8_999, "EUR 8,999"), (-450_000, "-EUR 450 k"), (12_345_678, "EUR 12.3 M"), (4e9, "EUR 4.00 bn")],
)
def test_money_keeps_three_digits_and_its_unit(amount, text):
    assert money(amount, "EUR") == text


def test_shares_keep_their_spread_and_never_round_to_certainty():
    assert percent(0.912, 0.02) == "91 ± 2 %"
    assert percent(0.0004) == "<1 %"
    assert percent(0.9996) == ">99 %"
    assert percent(1.0) == "100 %"


def test_cars_keep_three_digits():
    assert [cars(n) for n in (0.4, 999, 12_345, 1_234_567)] == ["0", "999", "12,300", "1,230,000"]


def test_json_is_plain_and_has_no_nan(capsys):
    show_json({"source": Source(who="x", as_of=date(2026, 1, 2), grade=Grade.A), "values": np.array([1.0, np.nan])})
    answer = json.loads(capsys.readouterr().out)
    assert answer == {"source": {"who": "x", "as_of": "2026-01-02", "grade": "A"}, "values": [1.0, None]}


def test_tables_fit_in_100_columns_and_show_brackets_as_written(capsys):
    show_table(["a", "b"], [["[bold]x[/bold]", "y" * 300]])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    assert any("[bold]x[/bold]" in line for line in lines)
