"""Where a launch keeps its records: beside its folder, or in PostgreSQL for teams."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from beachhead import store
from beachhead.evidence.folder import Folder, read_folder
from beachhead.store import Store

URL_VARIABLE = "BEACHHEAD_STORE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A launch folder and the store that goes with it.

    Attributes:
        folder: the folder, read whole and without a fault.
        store: its records.
    """

    folder: Folder
    store: Store


def open_kept(path: Path) -> Kept:
    """Read the launch folder and open its store; raises `BadInput` with every fault of the folder."""
    folder = read_folder(path)
    return Kept(folder=folder, store=store_of(path, folder.terms.name))


def store_of(path: Path, name: str, *, wait_seconds: float = 10.0) -> Store:
    """The store of the launch in folder `path`, called `name`.

    It is `beachhead.db` in the folder, unless the environment variable BEACHHEAD_STORE holds the URL of a PostgreSQL
    server; there every launch has a schema of its own.
    """
    url = os.environ.get(URL_VARIABLE, "").strip()
    return store.open_store(url or path, space=name, wait_seconds=wait_seconds)
