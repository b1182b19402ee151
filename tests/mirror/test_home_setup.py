"""home.toml: every fault at its line, and no secret in the file or in what is said about it."""

from pathlib import Path

import pytest

from beachhead.charging.tariff import bundled_tariffs
from beachhead.home.setup import new_home, read_setup
from beachhead.world.errors import BadInput
from made_home import folder_of


def test_a_new_home_is_commented_whole_and_never_overwritten(tmp_path: Path) -> None:
    made = new_home(tmp_path / "home")
    assert {path.name for path in made} == {"home.toml", "watchdog.yaml", ".gitignore"}
    setup = read_setup(tmp_path / "home")
    assert setup.entities.switch == "switch.wallbox"
    assert setup.tariff == bundled_tariffs()["DE"]
    assert setup.least_gain_eur == 0.02
    with pytest.raises(BadInput, match="is there already"):
        new_home(tmp_path / "home")


def test_all_faults_are_told_at_once_each_at_its_line(tmp_path: Path) -> None:
    lines = {
        'url = "http': 'url = "homeassistant.local"',
        "time_zone": 'time_zone = "Berlin"',
        "plug = ": 'plug = "wallbox plug"',
        "switch = ": 'switch = "sensor.wallbox"',
        "least_amps": "least_amps = 20",
        "market": 'market = "XX"',
        "prices = ": 'prices = "none.csv"',
    }
    folder = folder_of(tmp_path / "home", "unused", lines=lines)
    with pytest.raises(BadInput) as caught:
        read_setup(folder)
    text = (folder / "home.toml").read_text(encoding="utf-8").splitlines()
    places = {fault.column: fault.row for fault in caught.value.faults}
    assert places.keys() == {
        "server.url", "server.time_zone", "entities.plug", "entities.switch", "car.least_amps", "tariff.market",
        "tariff.prices",
    }  # fmt: skip
    for column, row in places.items():
        assert row is not None
        assert text[row - 1].startswith(f"{column}".split(".")[1])


def test_wrong_kinds_missing_and_unknown_keys_are_named_with_their_line(tmp_path: Path) -> None:
    lines = {"battery_kwh": 'battery_kwh = "big"', "phases": "fases = 3", "charger = ": "# no charger"}
    with pytest.raises(BadInput) as caught:
        read_setup(folder_of(tmp_path / "home", "http://h:8123", lines=lines))
    said = {fault.column: fault.problem for fault in caught.value.faults}
    assert said["car.fases"] == "is not a key"
    assert said["entities.charger"] == "is missing"
    assert "number" in said["car.battery_kwh"]
    (tmp_path / "home" / "home.toml").write_text("[server\nurl = 1\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"home.toml:1: .*is not valid TOML"):
        read_setup(tmp_path / "home")


def test_a_token_or_password_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    secret = "eyJhbGciOi.very-secret-token"
    lines = {"token_env": f'token_env = "{secret}"', 'url = "http': 'url = "http://ann:hunter2@h:8123"'}
    with pytest.raises(BadInput) as caught:
        read_setup(folder_of(tmp_path / "home", "unused", lines=lines))
    said = str(caught.value)
    assert "not the name of an environment variable" in said
    assert "holds a user or a password" in said
    assert secret not in said
    assert "hunter2" not in said


def test_the_drivers_own_bill_replaces_the_market_s_and_a_whole_price_all_of_it(tmp_path: Path) -> None:
    own = {"grid_eur_per_kwh": "grid_eur_per_kwh = 0.2", "peak_eur": "peak_eur_per_kw_year = 40"}
    tariff = read_setup(folder_of(tmp_path / "own", "http://h:8123", lines=own)).tariff
    assert (tariff.grid, tariff.peak_eur_per_kw) == (0.2, 40)
    assert tariff.tax == bundled_tariffs()["DE"].tax
    whole = {"price_is": 'price_is = "whole"', "market": 'market = "SE"'}
    setup = read_setup(folder_of(tmp_path / "whole", "http://h:8123", lines=whole))
    assert setup.tariff.spot(0.31) == 0.31  # type: ignore[arg-type]
    assert setup.price_is_whole


def test_prices_come_from_one_place(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("time,DE-LU\n", encoding="utf-8")
    lines = {"prices = ": f'prices = "{tmp_path / "prices.csv"}"'}
    with pytest.raises(BadInput, match="both given"):
        read_setup(folder_of(tmp_path / "both", "http://h:8123", lines=lines))
    none = {"price = ": "# no price"}
    with pytest.raises(BadInput, match="neither given"):
        read_setup(folder_of(tmp_path / "none", "http://h:8123", lines=none))
