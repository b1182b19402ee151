"""Write the command-line reference from the commands themselves: `python -m beachhead.cli.reference`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer.main

from beachhead.cli.app import app

HEAD = """# Command line

Made from the commands by `python -m beachhead.cli.reference > docs/reference/cli.md`; a test fails when it is stale.
Exit status: 0 done, 1 an error of ours with its cure, 2 wrong usage. `--json` prints one object; errors too.
"""


def reference() -> str:
    """The reference as Markdown, one section a command."""
    root = typer.main.get_command(app)
    return HEAD + "".join(_sections(root, "beachhead"))


def _sections(command: Any, name: str) -> Iterator[str]:
    for word, child in getattr(command, "commands", {}).items():
        if hasattr(child, "commands"):
            yield from _sections(child, f"{name} {word}")
        else:
            yield _section(child, f"{name} {word}")


def _section(command: Any, name: str) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and "--help" not in p.opts]
    usage = " ".join([name, *(_usage(p) for p in arguments)])
    text = " ".join((command.help or "").split())
    lines = [f"\n## `{usage}`\n\n{text}\n"]
    if options:
        lines.append("\n| option | meaning | default |\n|---|---|---|\n")
        lines += [_row(option) for option in options]
    return "".join(lines)


def _usage(parameter: Any) -> str:
    shown = parameter.metavar or parameter.name.upper()
    return shown if parameter.required else f"[{shown}]"


def _row(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    if option.metavar:
        names = names[:-1] + f" {option.metavar}`"
    default = option.default
    is_said = default not in (None, False, (), "") and not callable(default)
    said = str(getattr(default, "value", default)) if is_said else ""
    return f"| {names} | {' '.join((option.help or '').split()).replace('|', chr(92) + '|')} | {said} |\n"


if __name__ == "__main__":
    print(reference(), end="")
