"""`beachhead observe`: take in what was seen in the market."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from beachhead.case.clock import latest_day
from beachhead.case.open import Launch, open_launch
from beachhead.case.plan.unstarted import unstarted_sentence, with_unstarted
from beachhead.case.rows.observe import Receipt, added_up_sentence, row_histories
from beachhead.case.rows.observe import observe as take_in
from beachhead.cli.clock import Who, name_of, now
from beachhead.cli.history import show_histories
from beachhead.cli.show import JsonFlag, LaunchDir, how_many, say, show_json, show_table
from beachhead.evidence.arrive import Correction
from beachhead.store import reading
from beachhead.world.errors import BadInput

MOST_SHOWN = 20

FileArgument = Annotated[
    Path | None, typer.Argument(metavar="FILE", help="CSV, XLSX or Parquet file.", show_default=False)
]
MappingOption = Annotated[
    Path | None, typer.Option("--mapping", metavar="TOML", help="How an export with other columns becomes ours.")
]
ReplaceFlag = Annotated[
    bool, typer.Option("--replace", help="Rows take the place of recorded rows whose span they overlap.")
]
AnewFlag = Annotated[bool, typer.Option("--anew", help="Take the file's word again although it was sent before.")]
TryFlag = Annotated[bool, typer.Option("--try", help="Say what would change, and change nothing.")]
HistoryOption = Annotated[
    str | None,
    typer.Option(
        "--history",
        metavar="WORDS",
        help="Instead: what happened to the rows of a batch, market, offer, channel, store or day, such as 'b1 NO'.",
    ),
]


def observe(
    directory: LaunchDir,
    file: FileArgument = None,
    mapping: MappingOption = None,
    replace: ReplaceFlag = False,
    anew: AnewFlag = False,
    trying: TryFlag = False,
    history: HistoryOption = None,
    who: Who = None,
    as_json: JsonFlag = False,
) -> None:
    """Take in a file of observations: whole or not at all; sending it twice changes nothing."""
    if (file is None) == (history is None):
        raise BadInput("a file or --history is wanted, one of them", "name the file, or what to show the history of")
    kept, at = open_launch(directory), now()
    if file is None:
        _history(kept, (history or "").split(), as_json)
        return
    receipt = take_in(
        kept.folder,
        kept.store,
        file,
        who=name_of(who),
        at=at,
        mapping=mapping,
        today=latest_day(at),
        replacing=replace,
        anew=anew,
        trying=trying,
    )
    receipt = with_unstarted(kept, receipt)
    if as_json:
        show_json(receipt)
    else:
        show_receipt(receipt, trying)


def _history(launch: Launch, words: list[str], as_json: bool) -> None:
    with reading(launch.store) as work:
        found = row_histories(work, words)
    if as_json:
        show_json({"rows": [{"versions": versions} for versions in found]})
    else:
        show_histories(found)


def show_receipt(receipt: Receipt, trying: bool = False) -> None:
    """What a file changed."""
    arrival = receipt.arrival
    if receipt.sent_before is not None:
        before = receipt.sent_before
        say(
            f"{receipt.file}: {before.who} sent these rows on {before.at:%Y-%m-%d %H:%M} UTC as {before.name}; "
            "nothing changed. Use --anew if they are to hold again."
        )
        return
    parts = [
        (len(arrival.new), "new row", f" ({arrival.late} of them late)" if arrival.late else ""),
        (len(arrival.corrected), "correction", ""),
        (len(arrival.replaced), "row", " replaced"),
        (arrival.unchanged, "row", " as on record"),
    ]
    told = ", ".join(how_many(count, noun) + tail for count, noun, tail in parts if count)
    verb = "would bring" if trying else "brought"
    say(f"{receipt.file} {verb} {told}; {how_many(receipt.on_record, 'row')} on record.")
    if receipt.unstarted:
        say(unstarted_sentence(receipt.unstarted))
    if receipt.added_up:
        say(added_up_sentence(receipt.added_up))
    changes = [line for correction in arrival.corrected for line in _lines(correction)]
    if changes:
        columns = ("batch", "market", "offer", "channel", "span", "field", "was", "is")
        show_table(columns, changes[:MOST_SHOWN], title="Corrections (both stay on record)", right={6, 7})
    if len(changes) > MOST_SHOWN:
        say(f"... and {len(changes) - MOST_SHOWN} more; --json lists all.")


def _lines(correction: Correction) -> list[tuple[str, ...]]:
    row = correction.after
    key = (row.batch, row.market, row.offer or "all", row.channel.value, f"{row.start} to {row.end}")
    return [
        (*key, name, _shown(getattr(correction.before, name)), _shown(getattr(row, name))) for name in correction.fields
    ]


def _shown(value: object) -> str:
    return "" if value is None else str(value)
