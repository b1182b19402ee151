"""Registration files kept beside the launch, in its folder `panel`: what the backtest tests the entry model on."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from beachhead.case.open import Launch
from beachhead.evidence.panel import read_panel
from beachhead.world.errors import BadInput
from beachhead.world.figures import how_many
from beachhead.world.whole import write_whole

FOLDER = "panel"
FORMS = {
    "oec_brand_period.csv": "country, period, brand, bev_n, all_n",
    "official_brand_period_NAME.csv": "country, period, brand, n, and bev_n if known",
    "norway_new_car_sales_by_make_YEARS.csv": "Year, Month, Make, Quantity",
    "oec_country_totals.csv": "country, period, and totals of battery-electric cars",
    "robbieandrew_all_carsales_monthly.csv": "as published",
}
"""File names that are read, with their columns."""
_KNOWN = re.compile(
    r"(oec_brand_period|official_brand_period_\w{1,80}|norway_new_car_sales_by_make_\w{1,40}|oec_country_totals"
    r"|robbieandrew_all_carsales_monthly)\.csv"
)


def panel_folder(launch: Launch) -> Path:
    """Where the files lie; it need not exist."""
    return launch.path / FOLDER


def panel_files(launch: Launch) -> tuple[str, ...]:
    """Names of the files that are there."""
    return tuple(sorted(path.name for path in panel_folder(launch).glob("*.csv") if _KNOWN.fullmatch(path.name)))


def keep_panel_file(launch: Launch, name: str, sent: Path) -> str:
    """Read a registration file together with those that are there, and keep it if nothing is wrong; in a sentence.

    Raises:
        BadInput: if the name is not one that is read, or with every fault at its row; then nothing is kept.
    """
    if not _KNOWN.fullmatch(name):
        raise BadInput(f"{name!r} is not a name of a registration file", f"name it as one of {', '.join(FORMS)}")
    room = panel_folder(launch)
    with tempfile.TemporaryDirectory(prefix="beachhead-") as folder:
        for old in panel_files(launch):
            shutil.copyfile(room / old, Path(folder) / old)
        shutil.copyfile(sent, Path(folder) / name)
        try:
            panel = read_panel(Path(folder))
            brands = len({entry.brand for entry in panel.entries})
            said = f"{how_many(len(panel.entries), 'entry', 'entries')} of {how_many(brands, 'brand')} can be forecast."
            if not panel.entries:
                said = (
                    "No entry can be forecast yet: monthly totals by country are needed besides, and a year of months."
                )
        except BadInput as error:
            if error.faults or "brand" in name:
                raise
            said = "Totals alone: registrations by brand are needed besides."
        except UnicodeError as error:
            raise BadInput(f"{name} is not text in UTF-8: {error}", "save it as CSV in UTF-8") from error
    room.mkdir(exist_ok=True)
    write_whole(room / name, sent.read_bytes())
    return f"{name} is kept. {said}"
