"""One polite way to ask the network: tries again on what may pass, says clearly what will not."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException, IncompleteRead
from urllib.parse import urlsplit

from beachhead.world.errors import Unreachable

Get = Callable[[str, bytes | None], bytes]

TRIES = 4
PAUSE_SECONDS = 2.0
TIMEOUT_SECONDS = 120.0
MOST_BYTES = 512 * 2**20
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


def get(
    url: str,
    body: bytes | None = None,
    *,
    tries: int = TRIES,
    pause_seconds: float = PAUSE_SECONDS,
    timeout_seconds: float = TIMEOUT_SECONDS,
    wait: Callable[[float], None] = time.sleep,
) -> bytes:
    """The whole answer to a request; POST with a JSON body, else GET.

    Busy servers (408, 425, 429, 5xx), time-outs and answers that break off are tried again, after pauses that double.

    Raises:
        Unreachable: no answer after all tries, a refusal, or more than 512 MiB.
    """
    last = ""
    for attempt in range(tries):
        if attempt:
            wait(pause_seconds * 2 ** (attempt - 1))
        try:
            return _once(url, body, timeout_seconds)
        except urllib.error.HTTPError as error:
            last = f"answered {error.code} {error.reason}"
            error.close()
            if error.code not in _AGAIN:
                break
        except IncompleteRead as error:
            last = f"broke off after {len(error.partial)} bytes"
        except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
            last = f"gave no answer ({getattr(error, 'reason', error)})"
    raise Unreachable(
        f"{urlsplit(url).netloc} {last}: {url}",
        "check the connection; `--offline` uses what was fetched before, or put the file into the panel folder by hand",
    )


def _once(url: str, body: bytes | None, timeout_seconds: float) -> bytes:
    if urlsplit(url).scheme not in ("http", "https"):
        raise Unreachable(f"{url} is not a web address", "report this; every source is asked by https")
    headers = {"User-Agent": "beachhead (registrations by brand; one request at a time)"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    asked = urllib.request.Request(url, data=body, headers=headers)
    with urllib.request.urlopen(asked, timeout=timeout_seconds) as answer:
        data: bytes = answer.read(MOST_BYTES + 1)
        promised = answer.headers.get("Content-Length", "")
    if len(data) > MOST_BYTES:
        raise Unreachable(f"{url} is larger than {MOST_BYTES >> 20} MiB", "ask for fewer months")
    if promised.isdigit() and len(data) < int(promised):
        raise IncompleteRead(data, int(promised) - len(data))
    return data
