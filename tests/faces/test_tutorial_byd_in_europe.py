"""The tutorial shows what the commands print; `python tests/faces/test_tutorial_byd_in_europe.py` renews it."""

import json
import math
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorials" / "byd-in-europe.md"
BLOCK = re.compile(r"```console\n(.*?)```", re.S)
INK, MUTED, ACCENT, GRID = "#1b2733", "#5b6b7a", "#c2410c", "#d7dee5"


def as_run(page: str, folder: Path) -> str:
    """The page with every console block replaced by what its commands print."""
    return BLOCK.sub(lambda block: f"```console\n{_ran(block[1], folder)}```", page)


def figures(folder: Path) -> dict[str, str]:
    """The page's figures, drawn from what the commands answer in JSON."""
    steps = json.loads(_printed("beachhead replay byd --json", folder))["steps"]
    ours = json.loads(_printed("beachhead score byd --json", folder))["rows"][0]["score"]["calibration"]
    norway = [
        (s["quarter"], f["prediction"], s["counts"]["NO"]) for s in steps for f in s["foretold"] if f["market"] == "NO"
    ]
    return {"byd-norway.svg": _intervals(norway), "byd-calibration.svg": _calibration(ours)}


def _ran(block: str, folder: Path) -> str:
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    return "\n".join(f"$ {command}\n{_printed(command, folder)}" for command in commands)


def _printed(command: str, folder: Path) -> str:
    real = re.sub(r"^beachhead ", f"{sys.executable} -m beachhead ", command)
    fixed = {"BEACHHEAD_NOW": "2027-01-04T09:00:00+00:00", "BEACHHEAD_WHO": "Ann", "COLUMNS": "100", "NO_COLOR": "1"}
    fixed["OMP_NUM_THREADS"] = fixed["OPENBLAS_NUM_THREADS"] = "1"  # sums in one order
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **fixed}
    done = subprocess.run(real, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()).rstrip() + "\n"


def _svg(width: int, height: int, title: str, parts: list[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-family="sans-serif">'
    )
    ground = f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
    return "\n".join([head, f"<title>{title}</title>", ground, *parts, "</svg>"]) + "\n"


def _text(x: float, y: float, words: str, *, size: int = 12, fill: str = MUTED, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}">{words}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, *, stroke: str, width: float = 1, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{stroke}" stroke-width="{width:g}"{dashed}/>'


def _dot(x: float, y: float, *, fill: str, r: float = 4.5) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:g}" fill="{fill}"/>'


def _intervals(rows: list) -> str:
    """One column a quarter: the 90 % interval with its median, and a dot for what came; a logarithmic scale."""
    left, top, wide, tall = 60, 50, 700, 260

    def x(place: int) -> float:
        return left + (place + 0.5) * wide / len(rows)

    def y(cars: float) -> float:
        return top + tall * (1 - math.log10(max(cars, 1)) / 4)

    title = "Norway, cars a quarter: dot = registered, bar = 90 % interval stated before, notch = median"
    parts = [_text(left - 45, 24, title, size=14, fill=INK, anchor="start")]
    for cars in (1, 10, 100, 1000, 10000):
        parts += [
            _line(left, y(cars), left + wide, y(cars), stroke=GRID),
            _text(left - 8, y(cars) + 4, f"{cars:,}", anchor="end"),
        ]
    for place, (quarter, said, came) in enumerate(rows):
        outside = not said["low"] <= came <= said["high"]
        parts += [
            _line(x(place), y(said["low"]), x(place), y(said["high"]), stroke="#9fb3c8", width=12),
            _line(x(place) - 6, y(said["median"]), x(place) + 6, y(said["median"]), stroke=MUTED, width=2),
            _dot(x(place), y(came), fill=ACCENT if outside else INK),
            _text(x(place), top + tall + 18, quarter[4:]),
        ]
        if place == 0 or quarter.endswith("Q1"):
            parts.append(_text(x(place), top + tall + 34, quarter[:4], fill=INK))
    parts.append(_text(left + wide, top + tall + 34, "outside its interval", fill=ACCENT, anchor="end"))
    return _svg(800, 360, "Norway: what was expected before each quarter, and what came", parts)


def _calibration(rows: list) -> str:
    """Odds stated against the share that came true, with 90 % intervals; perfect odds lie on the diagonal."""
    left, top, side = 60, 50, 300

    def at(stated: float, happened: float) -> tuple[float, float]:
        return left + side * stated, top + side * (1 - happened)

    parts = [_text(15, 24, "Of events given such odds, how many came true", size=14, fill=INK, anchor="start")]
    for tick in (0, 0.25, 0.5, 0.75, 1):
        parts += [_line(*at(0, tick), *at(1, tick), stroke=GRID), _line(*at(tick, 0), *at(tick, 1), stroke=GRID)]
        parts += [
            _text(left - 8, at(0, tick)[1] + 4, f"{tick:.0%}", anchor="end"),
            _text(at(tick, 0)[0], top + side + 18, f"{tick:.0%}"),
        ]
    parts.append(_line(*at(0, 0), *at(1, 1), stroke=MUTED, dash="4 4"))
    for row in rows:
        parts += [
            _line(
                *at(row["stated"], row["happened_low"]),
                *at(row["stated"], row["happened_high"]),
                stroke="#9fb3c8",
                width=3,
            ),
            _dot(*at(row["stated"], row["happened"]), fill=INK, r=2 + math.sqrt(row["count"]) / 2),
        ]
    parts.append(_text(left + side / 2, top + side + 38, "odds stated (dot size: how often)"))
    return _svg(400, 400, "Calibration: how often events came true, against the odds stated", parts)


NUMBER = re.compile(r"\d[\d,]*\.?\d*")


def _differences(now: str, kept: str) -> list[tuple[str, str]]:
    """Where two texts differ by more than the last digit of a number, which another processor may round otherwise."""
    if NUMBER.sub("#", now) != NUMBER.sub("#", kept):
        pairs = zip(now.splitlines(), kept.splitlines(), strict=False)
        return [(a, b) for a, b in pairs if NUMBER.sub("#", a) != NUMBER.sub("#", b)] or [(now, kept)]
    pairs = zip(NUMBER.findall(now), NUMBER.findall(kept), strict=True)
    return [(a, b) for a, b in pairs if a != b and not _near(a, b)]


def _near(a: str, b: str) -> bool:
    step = 10.0 ** -len(a.partition(".")[2])
    return abs(float(a.replace(",", "")) - float(b.replace(",", ""))) <= 1.01 * step


@pytest.mark.full
def test_the_tutorial_shows_what_the_commands_print(tmp_path: Path):
    page = PAGE.read_text(encoding="utf-8")
    assert _differences(as_run(page, tmp_path), page) == [], "stale: python tests/faces/test_tutorial_byd_in_europe.py"
    for name, figure in figures(tmp_path).items():
        assert _differences((PAGE.parent / name).read_text(encoding="utf-8"), figure) == [], f"{name} is stale"


def test_every_figure_of_the_tutorial_is_there():
    named = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", PAGE.read_text(encoding="utf-8"))
    assert named == ["byd-norway.svg", "byd-calibration.svg"]
    assert all((PAGE.parent / name).is_file() for name in named)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        PAGE.write_text(as_run(PAGE.read_text(encoding="utf-8"), Path(made)), encoding="utf-8")
        for name, figure in figures(Path(made)).items():
            (PAGE.parent / name).write_text(figure, encoding="utf-8")
