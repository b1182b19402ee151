"""Who decided what, when, on which records and with what odds; chained by hash, later scored."""

from beachhead.ledger.chain import Break, Head, Line, Verdict, append, verify
from beachhead.ledger.entry import Act, Entry, Outcome, Said, Stated, entry_of, text_of
from beachhead.ledger.score import CalibrationRow, Margin, Score, Settled, first_stated, margin, score, settle

__all__ = [
    "Act",
    "Break",
    "CalibrationRow",
    "Entry",
    "Head",
    "Line",
    "Margin",
    "Outcome",
    "Said",
    "Score",
    "Settled",
    "Stated",
    "Verdict",
    "append",
    "entry_of",
    "first_stated",
    "margin",
    "score",
    "settle",
    "text_of",
    "verify",
]
