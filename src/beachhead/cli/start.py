"""Starts the command line: only the command that is asked for is loaded, for a prompt answer."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from beachhead.cli.faults import fault_lines
from beachhead.cli.show import console, plain
from beachhead.world.errors import BadInput, BeachheadError, NotStored
from beachhead.world.version import VERSION

GROUPS = {
    "The loop, in its order": (
        "new",
        "check",
        "research",
        "plan",
        "design",
        "decide",
        "observe",
        "read",
        "adjust",
        "log",
        "score",
    ),
    "What lies ahead": ("targets", "worth", "rehearse"),
    "What a launch needs": ("programme", "comply", "site", "service", "supply", "charge"),
    "In a browser": ("serve", "account"),
    "At home": ("home",),
    "Seen and checked": ("demo", "replay", "backtest", "verify", "evidence"),
}
"""Every command, in the order of the help, under its heading; each stands in the file of its name, under its name."""

COMMANDS = tuple(name for names in GROUPS.values() for name in names)

ELSEWHERE = {"account": "serve"}
"""Commands that stand in the file of another."""

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it: 128 and the number of the signal."""


def build(names: Iterable[str]) -> typer.Typer:
    """The application with those commands."""
    app = _bare()
    for heading, group in GROUPS.items():
        for name in (name for name in names if name in group):
            found = getattr(import_module(f"beachhead.cli.{ELSEWHERE.get(name, name)}"), name)
            if isinstance(found, typer.Typer):
                app.add_typer(found, name=name, rich_help_panel=heading)
            else:
                app.command(rich_help_panel=heading)(found)
    return app


def overview() -> typer.Typer:
    """The application that only tells of its commands: loading them all for their sentences takes seconds."""
    app = _bare()
    for heading, group in GROUPS.items():
        for name in group:
            app.command(name, help=_told(name), rich_help_panel=heading)(lambda: None)
    return app


def _told(name: str) -> str:
    """What a command says of itself, read in its file: the docstring of a function, the `help` of a group."""
    file = Path(__file__).with_name(f"{ELSEWHERE.get(name, name)}.py")
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return ast.get_docstring(node) or ""
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and ast.unparse(node.targets[0]) == name:
            return str(next(ast.literal_eval(word.value) for word in node.value.keywords if word.arg == "help"))
    return ""


def _bare() -> typer.Typer:
    app = typer.Typer(
        name="beachhead",
        help="Plan, run and learn from a staged product launch across countries.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    return app


def main() -> None:
    """Run the command line: exit 0 done, 1 an error of ours with its cure, 2 wrong usage."""
    asked = next((word for word in sys.argv[1:] if word != "--"), "")
    try:
        (build([asked]) if asked in COMMANDS else overview())()
    except BeachheadError as error:
        _report(error, as_json="--json" in sys.argv[1:])
        sys.exit(1)
    except UnicodeEncodeError as error:
        _report(_no_text(error), as_json="--json" in sys.argv[1:])
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        _report(_refused(error), as_json="--json" in sys.argv[1:])
        sys.exit(1)
    except KeyboardInterrupt:  # while commands are still being loaded
        _say_stopped()
        sys.exit(INTERRUPTED)
    except SystemExit as ending:
        if ending.code == INTERRUPTED:  # Typer's answer to Ctrl-C within a command, which says nothing
            _say_stopped()
        raise


def _say_stopped() -> None:
    print("stopped; what was acknowledged is kept", file=sys.stderr)


def _say_version(is_asked: bool) -> None:
    if is_asked:
        print(f"beachhead {VERSION}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and end.")
    ] = False,
) -> None:
    """Plan, run and learn from a staged product launch across countries."""


def _no_text(error: UnicodeEncodeError) -> BeachheadError:
    """Bytes of an argument that are no text, which Python hands on as halves of characters; nothing else is ours."""
    written = next((word for word in sys.argv[1:] if any("\ud800" <= letter <= "\udfff" for letter in word)), None)
    if written is None:
        raise error
    return BadInput(f"{written!a} is no text in UTF-8", "write it again in a terminal set to UTF-8")


def _refused(error: OSError) -> BeachheadError:
    """What the system refused, for which no command had better words."""
    what = error.filename or "a file or a connection"
    return NotStored(f"{what}: {error.strerror or error}", "look for its permissions, its folder and room on the disk")


def _report(error: BeachheadError, *, as_json: bool) -> None:
    if as_json:
        faults = error.faults if isinstance(error, BadInput) else ()
        body = {"kind": type(error).__name__, "message": error.message, "hint": error.hint, "faults": faults}
        print(json.dumps({"error": plain(body)}, indent=2, ensure_ascii=False))
        return
    said = str(error)
    if isinstance(error, BadInput) and error.faults:
        said = "\n".join([error.message, *(f"  {line}" for line in fault_lines(error.faults))])
    console(err=True).print(said, markup=False, soft_wrap=True)
