"""Files that a user brings to `site`: what is wrong in one is said once, with row and cure; nothing is guessed."""

import os
from pathlib import Path

import numpy as np
import pytest

from beachhead.case.siting.places import settlements_of, sites_of
from beachhead.case.siting.travel_times import Times, minutes_between
from beachhead.cli.site_files import refuse_unwritable, write_sites
from beachhead.siting.geography import Places
from beachhead.world.errors import BadInput

TOWNS = "name,country,lat,lon,people\nAlpha,NO,59.90,10.70,500000\nBeta,NO,60.10,10.90,90000\n"
MATRIX = "from,to,minutes\nAlpha,Beta,12\nBeta,Gamma,14\n"
SITES = "name,country,lat,lon\nOne,NO,59.9,10.7\n"
PLACES = Places(
    name=("Alpha", "Beta", "Gamma"),
    country=("NO", "NO", "NO"),
    lat=np.array([59.9, 60.1, 60.3]),
    lon=np.array([10.7, 10.9, 11.1]),
    people=np.array([5e5, 9e4, 8e4]),
)


def _file(folder: Path, text: str | bytes) -> Path:
    path = folder / "own.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def _minutes(path: Path):
    return minutes_between(Times(matrix=path), PLACES, np.arange(3, dtype=np.int32), 60.0)


def _towns(path: Path):
    return settlements_of(path, ["NO"], 1000)


def _sites(path: Path):
    return sites_of(path, ["NO"])


WRONG = {
    "an empty matrix": (_minutes, "", "own.csv:1: is empty", "from, to, minutes"),
    "semicolons": (_minutes, MATRIX.replace(",", ";"), "separated by semicolons", "with commas"),
    "semicolons and decimal commas": (_minutes, "from;to;minutes\nAlpha;Beta;12,5\n", "by semicolons", "points in"),
    "tabs": (_minutes, MATRIX.replace(",", "\t"), "separated by tabs", "with commas"),
    "a decimal comma": (_minutes, 'from,to,minutes\nAlpha,Beta,"12,5"\n', "own.csv:2:minutes: '12,5'", "write 12.5"),
    "minutes below zero": (_minutes, f"{MATRIX}Alpha,Gamma,-3\n", "own.csv:4:minutes: '-3'", "from 0 on"),
    "minutes that are no number": (_minutes, f"{MATRIX}Alpha,Gamma,nan\n", "own.csv:4:minutes: 'nan'", "a road"),
    "no minutes between two places": (_minutes, f"{MATRIX}Alpha,Gamma,0\n", "is no time between", "0.5 if need be"),
    "no minutes": (_minutes, f"{MATRIX}Alpha,Gamma,\n", "own.csv:4:minutes: is not a number", "write a number"),
    "two times for a pair": (_minutes, f"{MATRIX}Alpha,Beta,13\n", "own.csv:4:minutes: '13' differs from row 2", "one"),
    "a nameless settlement": (_minutes, f"{MATRIX},Beta,3\n", "own.csv:4:from: names no settlement", "CC:Name"),
    "only strangers": (_minutes, "from,to,minutes\nFoo,Bar,3\nX,Y,4\n", "own.csv:2: 'Foo' is no", "CC:Name"),
    "a column that stands twice": (_minutes, "from,to,to,minutes\nAlpha,Beta,Beta,3\n", "more than one column to", ""),
    "a comma too many": (_minutes, "from,to,minutes\nAlpha,Beta,12,5\n", "4 cells where the header has 3", "comma"),
    "no towns at all": (_towns, "", "own.csv:1: is empty", "name, country, lat, lon, people"),
    "towns in semicolons": (_towns, TOWNS.replace(",", ";"), "separated by semicolons", "with commas"),
    "a shifted town": (_towns, f"{TOWNS}X,NO,60,7,11,5,30000\n", "own.csv:4: 'X,NO,60,7", "quote a cell"),
    "a latitude with a comma": (_towns, f'{TOWNS}X,NO,"60,7",11.5,30000\n', "own.csv:4:lat: '60,7'", "write 60.7"),
    "swapped coordinates": (_towns, f"{TOWNS}X,NO,11.5,60.7,50000\n", "own.csv:4:lat", "write 60.7, 11.5"),
    "towns of another country": (_towns, TOWNS.replace("NO", "SE"), "no settlement of 1,000 people in NO", "has SE"),
    "a country by another code": (_towns, f"{TOWNS}X,UK,51.5,-0.1,50000\n", "own.csv:4:country: 'UK'", "mean GB?"),
    "a country by its name": (_towns, f"{TOWNS}X,Norway,60,11,50000\n", "own.csv:4:country: 'Norway'", "mean NO?"),
    "towns in Windows-1252": (_towns, "name\nÅmål\n".encode("cp1252"), "own.csv:2: ", "save the file as UTF-8"),
    "towns in UTF-16": (_towns, TOWNS.encode("utf-16"), "is UTF-16", "save the file as UTF-8"),
    "the same site twice": (_sites, f"{SITES}Two,NO,59.9,10.7\n", "own.csv:3:lat: 'Two' stands at the same", "one of"),
    "a site in a wrong column": (_sites, SITES.replace("lon", "long"), "own.csv:1: lacks the column lon", "header"),
}


@pytest.mark.parametrize(("read", "text", "problem", "cure"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_in_an_own_file_is_said_with_row_and_cure(tmp_path, read, text, problem, cure):
    with pytest.raises(BadInput) as refused:
        read(_file(tmp_path, text))
    said = f"{refused.value} {refused.value.hint}"
    assert problem in said
    assert cure in said
    assert len(refused.value.faults) <= 1, "one slip, one fault"


def test_minutes_of_a_name_that_two_settlements_share_are_said_to_be_the_largest_ones(tmp_path):
    places = Places(
        name=("Oslo", "Nes", "Nes", "Nes"),
        country=("NO", "NO", "NO", "SE"),
        lat=np.array([59.9, 60.5, 58.7, 59.0]),
        lon=np.array([10.7, 9.1, 6.5, 15.0]),
        people=np.array([7e5, 5e4, 2e4, 1e4]),
    )
    matrix = Times(matrix=_file(tmp_path, "from,to,minutes\nNO:Nes,Oslo,20\n"))
    _, said = minutes_between(matrix, places, np.arange(4, dtype=np.int32), 60.0)
    assert said[1:] == ("Several settlements of a market are called Nes: the minutes are those of the largest.",)
    plain = Times(matrix=_file(tmp_path, "from,to,minutes\nSE:Nes,SE:Nes,0\n"))
    assert len(minutes_between(plain, places, np.arange(4, dtype=np.int32), 60.0)[1]) == 1


def test_a_town_far_from_every_larger_one_is_no_fault(tmp_path):
    remote = "Broome,AU,-17.96,122.24,14660\nIqaluit,CA,63.75,-68.52,7429\nTasiilaq,GL,65.61,-37.64,1985\n"
    path = _file(tmp_path, f"name,country,lat,lon,people\n{remote}")
    assert settlements_of(path, ["AU", "CA", "GL"], 1000).name == ("Broome", "Iqaluit", "Tasiilaq")
    with pytest.raises(BadInput, match="km from any town: at sea"):
        settlements_of(_file(tmp_path, f"name,country,lat,lon,people\n{remote}Wet,AU,-30,100,900\n"), ["AU"], 0)


def test_a_village_smaller_than_those_listed_may_lie_far_from_all_of_them_but_not_be_swapped(tmp_path):
    adak = "name,country,lat,lon,people\nAdak,US,51.88,-176.65,300\n"
    assert settlements_of(_file(tmp_path, adak), ["US"], 0).name == ("Adak",)
    with pytest.raises(BadInput, match="713 km from any town: at sea"):
        settlements_of(_file(tmp_path, adak.replace(",300", ",3000")), ["US"], 0)
    with pytest.raises(BadInput, match="is not in NO"):
        settlements_of(_file(tmp_path, "name,country,lat,lon,people\nVik,NO,6.5,61.1,300\n"), ["NO"], 0)


@pytest.mark.parametrize("read", [_minutes, _towns, _sites])
def test_a_file_that_is_not_there_is_looked_for_where_it_was_named(tmp_path, read):
    with pytest.raises(BadInput, match=f"there is no {tmp_path / 'nope.csv'}: check its folder and spelling"):
        read(tmp_path / "nope.csv")
    with pytest.raises(BadInput, match="is a directory where a file should be: name the file itself"):
        read(tmp_path)


@pytest.mark.parametrize("marked", [False, True])
def test_line_ends_and_a_byte_order_mark_change_nothing(tmp_path, marked):
    def dressed(text: str) -> bytes:
        return b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode() if marked else text.encode()

    lists, said = _minutes(_file(tmp_path, dressed(MATRIX)))
    assert lists.cost.tolist() == [0.0, 12.0, 0.0, 14.0, 0.0]
    assert "2 pairs" in said[0]
    assert _towns(_file(tmp_path, dressed(TOWNS))).name == ("Alpha", "Beta")
    assert [line.row for line in _sites(_file(tmp_path, dressed(SITES)))] == [2]


def test_a_matrix_of_two_hundred_thousand_rows_is_read_whole(tmp_path):
    count = 500
    places = Places(
        name=tuple(f"T{k}" for k in range(count)),
        country=("NO",) * count,
        lat=np.linspace(58.0, 62.0, count),
        lon=np.linspace(8.0, 12.0, count),
        people=np.full(count, 1e5),
    )
    rows = "".join(f"T{i},T{j},{1 + (i + j) % 50}\n" for i in range(count) for j in range(400))
    path = _file(tmp_path, f"from,to,minutes\n{rows}")
    lists, said = minutes_between(Times(matrix=path), places, np.arange(count, dtype=np.int32), 60.0)
    assert "200,000 pairs" in said[0]
    assert len(lists.item) == 200_000 + 100, "and those who live at a candidate of which no row tells"


def test_an_answer_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    (tmp_path / "old.json").write_text("what stood there")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(BadInput, match="is a folder"):
        refuse_unwritable(tmp_path / "folder.csv")

    def full(written):
        os.ftruncate(written, 1)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("beachhead.cli.site_files.site_answer", lambda launch, sited: {})
    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            write_sites(None, None, tmp_path / "old.json")
    assert (tmp_path / "old.json").read_text() == "what stood there"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.csv", "old.json"]
    write_sites(None, None, tmp_path / "old.json")
    assert (tmp_path / "old.json").read_text() == "{}"
