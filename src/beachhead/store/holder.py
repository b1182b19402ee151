"""Who holds a locked SQLite file, as far as the system tells."""

from __future__ import annotations

from pathlib import Path


def holder_of(file: Path) -> str:
    """The process that has a write lock on the file or its shared memory, or 'another process' where nobody can tell.

    Linux lists advisory locks in /proc/locks by inode (man 5 proc); elsewhere there is no such list.
    """
    inodes = {str(part.stat().st_ino) for part in (file, file.with_name(file.name + "-shm")) if part.exists()}
    try:
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return "another process"
    for fields in map(str.split, lines):
        # such as: 1: POSIX ADVISORY WRITE 1234 fe:00:5678 120 120; a waiting process has '->' in second place
        if len(fields) == 8 and fields[3] == "WRITE" and fields[5].rpartition(":")[2] in inodes and int(fields[4]) > 0:
            return f"process {fields[4]}{_command(fields[4])}"
    return "another process"


def _command(pid: str) -> str:
    try:
        words = " ".join(Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").split())
    except OSError:
        return ""
    return f" ({words[:80]})" if words else ""
