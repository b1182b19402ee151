"""Keeps bytes: content-addressed records and tables in SQL; knows no nouns."""

from beachhead.store.alone import alone
from beachhead.store.chain import Link, append, head, links
from beachhead.store.codec import decode, digest, encode
from beachhead.store.database import FILE_NAME, Store, Work, in_turn, open_store, reading, require_writable, writing
from beachhead.store.records import get, put, ref_of, references, text_of
from beachhead.store.rows import (
    Delivery,
    Row,
    Version,
    body_of,
    current,
    deliver,
    deliveries,
    history,
    last_delivery,
    newest_by_topic,
)

__all__ = [
    "FILE_NAME",
    "Delivery",
    "Link",
    "Row",
    "Store",
    "Version",
    "Work",
    "alone",
    "append",
    "body_of",
    "current",
    "decode",
    "deliver",
    "deliveries",
    "digest",
    "encode",
    "get",
    "head",
    "history",
    "in_turn",
    "last_delivery",
    "links",
    "newest_by_topic",
    "open_store",
    "put",
    "reading",
    "ref_of",
    "references",
    "require_writable",
    "text_of",
    "writing",
]
