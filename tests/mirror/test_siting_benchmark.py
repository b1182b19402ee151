"""benchmarks/siting.py: instances that were named and are not there are refused, and not left out of the figures."""

import sys

import pytest

import siting


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--pmed", "nowhere"], "--pmed nowhere: there is no such folder"),
        (["--cap", "nowhere"], "--cap nowhere: there is no such folder"),
        (["--tsp", "nowhere.tsp"], "--tsp nowhere.tsp: there is no such file"),
        (["--best", "nowhere.csv"], "--best nowhere.csv: there is no such file"),
        (["--peers", "--peers-on", "pmed99"], "--peers-on pmed99:"),
        (["--p", "0"], "--p counts sites, from 1 on"),
    ],
)
def test_what_was_named_and_is_not_there_is_refused(words, told, monkeypatch, capsys):
    def worked():
        raise AssertionError("the work had begun")

    monkeypatch.setattr(sys, "argv", ["siting.py", *words])
    monkeypatch.setattr(siting, "warm_up", worked)
    with pytest.raises(SystemExit) as refused:
        siting.main()
    assert refused.value.code == 2
    assert told in capsys.readouterr().err
