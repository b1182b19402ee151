"""The map of markets: where a market's sign stands."""

from __future__ import annotations

import json
from pathlib import Path

MAP = Path(__file__).parents[2] / "webapp" / "src" / "generated" / "map.json"


def test_a_sign_stands_on_the_largest_part_of_its_country():
    signs = {country["a3"]: country["at"] for country in json.loads(MAP.read_text("utf-8"))["countries"]}
    (france, south), (spain, madrid), (germany, north) = signs["FRA"], signs["ESP"], signs["DEU"]
    assert spain < france < germany
    assert north < south < madrid  # counted from the top; the mean with Guiana lies in the Atlantic
    assert signs["NLD"][0] < germany


def test_a_country_is_as_large_as_its_largest_part():
    sizes = {country["a3"]: country["size"] for country in json.loads(MAP.read_text("utf-8"))["countries"]}
    wide, high = sizes["NLD"]
    assert wide < sizes["DEU"][0]  # its islands in the Caribbean are half a map away
    assert high < sizes["DEU"][1]
