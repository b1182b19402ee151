"""Work side by side: on this machine, or on a Dask cluster, with the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from beachhead.world.errors import BadInput
from beachhead.world.version import VERSION
from beachhead.world.work import Tick

A = TypeVar("A")
B = TypeVar("B")

WAIT_SECONDS = 10


def mapper(address: str | None, tick: Tick | None = None) -> Callable[[Callable[[A], B], Iterable[A]], list[B]]:
    """A `map` that runs here, or on the Dask cluster at an address; results come in the order of what went in.

    On a cluster `tick` is told of items done; here each item may tell of its own progress.
    """
    if address is None:
        return lambda work, items: [work(item) for item in items]

    def on_cluster(work: Callable[[A], B], items: Iterable[A]) -> list[B]:
        with cluster(address) as client:
            from distributed import as_completed

            asked = client.map(work, list(items), pure=False)
            for done, _ in enumerate(as_completed(asked), start=1):
                if tick is not None:
                    tick(done, len(asked))
            return list(client.gather(asked))

    return on_cluster


@contextmanager
def workers_at(address: str | None) -> Iterator[Callable[[Callable[[A], B], Sequence[A]], Iterator[B]] | None]:
    """What runs work over items on the Dask cluster at an address and yields answers as they come, in any order.

    None where no address is given. The cluster is asked first thing, before any work is prepared; the work is sent to
    each worker once, however many items there are; what is not done when the block ends is dropped.
    """
    if address is None:
        yield None
        return
    with cluster(address) as client:
        from distributed import as_completed

        def run(work: Callable[[A], B], items: Sequence[A]) -> Iterator[B]:
            sent = client.scatter(work, broadcast=True, hash=False)
            for future in as_completed(client.map(_done, items, work=sent, pure=False)):
                answer: B = future.result()
                yield answer

        yield run


def _done(item: A, work: Callable[[A], B]) -> B:
    return work(item)


@contextmanager
def cluster(address: str) -> Iterator[Any]:
    """A client of the Dask cluster at an address; what runs there is dropped when the block ends, however it ends.

    Raises:
        BadInput: if Dask is not installed, no scheduler answers, it has no worker, a worker has not this Beachhead, or
            the cluster is lost while it works.
    """
    try:
        from distributed import Client, KilledWorker
        from distributed.client import FutureCancelledError
        from distributed.comm.core import CommClosedError
    except ImportError:
        raise BadInput(
            f"--scheduler {address} needs Dask, which is not installed", "pip install 'beachhead[cluster]'"
        ) from None
    try:
        client = Client(address, timeout=f"{WAIT_SECONDS}s")
    except (OSError, TimeoutError, ValueError):
        raise BadInput(f"no Dask scheduler answers at {address}", "start one, or leave out --scheduler") from None
    with client:
        _require_workers(client, address)
        try:
            yield client
        except (KilledWorker, FutureCancelledError, CommClosedError) as lost:
            raise BadInput(
                f"the Dask cluster at {address} was lost while it worked: {str(lost)[:200]}",
                "look at its workers' memory and logs, then ask again",
            ) from lost


def _require_workers(client: Any, address: str) -> None:
    """Workers, and this version of Beachhead on them and the scheduler: another one's numbers might differ."""
    try:
        client.wait_for_workers(1, timeout=WAIT_SECONDS)
    except TimeoutError:
        raise BadInput(
            f"the Dask scheduler at {address} has no workers", f"start some: dask worker {address}"
        ) from None
    there = {f"worker at {worker}": found for worker, found in client.run(_version, on_error="return").items()}
    try:
        there[f"scheduler at {address}"] = client.run_on_scheduler(_version)
    except ImportError as error:
        there[f"scheduler at {address}"] = error
    for who, found in there.items():
        if found != VERSION:
            has = f"no Beachhead it can use ({found})" if isinstance(found, Exception) else f"Beachhead {found}"
            raise BadInput(
                f"the Dask {who} has {has}; here it is {VERSION}",
                f"install beachhead {VERSION} where scheduler and workers run",
            )


def _version() -> str:
    return VERSION
