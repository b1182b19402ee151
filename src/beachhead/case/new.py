"""Makes a launch folder from a bundled one."""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from beachhead.evidence.cell import meant
from beachhead.world.errors import BadInput

STARTER = "starter"


def examples() -> tuple[str, ...]:
    """Names of the bundled launches."""
    return tuple(
        sorted(entry.name for entry in files("beachhead.case").joinpath("examples").iterdir() if entry.is_dir())
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundled:
    """A launch that comes with the package.

    Attributes:
        name: what `new_launch` calls it.
        title: one line on what it tells.
        markets: number of its markets.
        has_history: true if real registrations lie in its folder, to be followed quarter by quarter.
    """

    name: str
    title: str
    markets: int
    has_history: bool


def bundled() -> tuple[Bundled, ...]:
    """The bundled launches, each in a line."""
    found = []
    for name in examples():
        folder = files("beachhead.case").joinpath("examples", name)
        terms = tomllib.loads(folder.joinpath("launch.toml").read_text(encoding="utf-8"))
        rows = [row for row in folder.joinpath("markets.csv").read_text(encoding="utf-8").splitlines() if row.strip()]
        history = folder.joinpath("history").is_dir() or folder.joinpath("observations").is_dir()
        title = str(terms.get("title", terms["name"]))
        found.append(Bundled(name=name, title=title, markets=len(rows) - 1, has_history=history))
    return tuple(found)


def is_vacant(path: Path) -> bool:
    """True if a folder is empty or does not exist, so that a launch may be begun there."""
    return not path.exists() or (path.is_dir() and not any(path.iterdir()))


def new_launch(target: Path, example: str = STARTER) -> Path:
    """Copy a bundled launch to `target`, which must not exist or be an empty folder; all of it or nothing."""
    if not isinstance(example, str) or example not in examples():
        known = ", ".join(examples())
        raise BadInput(
            f"{example!r} is not a bundled launch", meant(str(example), examples(), f"choose one of {known}")
        )
    if target.is_symlink() or target.is_file() or (target.is_dir() and any(target.iterdir())):
        raise BadInput(f"{str(target)!r} is not empty", "name a folder that does not exist yet; nothing was changed")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as beside:
            _copy(example, Path(beside) / "launch")
            _move(Path(beside) / "launch", target)
    except OSError as error:
        raise BadInput(
            f"{str(target)!r} cannot be written ({error.strerror})", "choose a folder that you may write to"
        ) from error
    return target


def _move(made: Path, target: Path) -> None:
    if not target.exists():
        made.replace(target)  # a rename: the whole launch at once
        return
    # Into an empty folder, perhaps the one the user stands in: launch.toml last, without which nothing is a launch.
    for entry in sorted(made.iterdir(), key=lambda path: (path.name == "launch.toml", path.name)):
        entry.replace(target / entry.name)


def _copy(example: str, target: Path) -> None:
    with as_file(files("beachhead.case").joinpath("examples", example)) as source:
        target.mkdir()
        for file in sorted(path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
            copy = target / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
