"""Work side by side: on this machine one after the other, or on a Dask cluster, with the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from beachhead.world.errors import BadInput
from beachhead.world.work import Tick

A = TypeVar("A")
B = TypeVar("B")


def mapper(address: str | None, tick: Tick | None = None) -> Callable[[Callable[[A], B], Iterable[A]], list[B]]:
    """A `map` that runs here, or on the Dask cluster at an address; results come in the order of what went in.

    On a cluster `tick` is told of items done; here each item may tell of its own progress.
    """
    if address is None:
        return lambda work, items: [work(item) for item in items]
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise BadInput(
            f"--scheduler {address} needs Dask, which is not installed", "pip install 'beachhead[cluster]'"
        ) from None

    def on_cluster(work: Callable[[A], B], items: Iterable[A]) -> list[B]:
        try:
            client = Client(address, timeout="10s")
        except (OSError, TimeoutError, ValueError):
            raise BadInput(f"no Dask scheduler answers at {address}", "start one, or leave out --scheduler") from None
        with client:
            asked = client.map(work, list(items), pure=False)
            for done, _ in enumerate(as_completed(asked), start=1):
                if tick is not None:
                    tick(done, len(asked))
            return list(client.gather(asked))

    return on_cluster
