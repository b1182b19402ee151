"""Who decided what, when, on which records (by hash); knows hashes, not rooms."""
