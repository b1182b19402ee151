"""`beachhead serve` and `beachhead account`: the launch in a browser, and who may use it from elsewhere."""

from __future__ import annotations

import importlib
import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer

from beachhead.case.new import is_vacant
from beachhead.case.open import open_launch
from beachhead.cli.show import JsonFlag, LaunchDir, page_address, say, show_json, show_table
from beachhead.world.errors import BadInput

PORT = 8765


def serve(
    directory: LaunchDir,
    listen: Annotated[str, typer.Option("--listen", metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = PORT,
    host: Annotated[
        list[str] | None,
        typer.Option(
            "--host", metavar="NAME", help="Name people reach it by, also through a proxy on this machine; repeat."
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open it in the browser.")] = False,
) -> None:
    """Open the launch in a browser, or begin one in an empty folder; on this machine only, unless accounts exist."""
    web = _web("app")
    address = page_address(listen, port)
    if is_vacant(directory):
        say(f"{address} begins a launch in {directory}, which is empty; stop with Ctrl-C.")
    else:
        open_launch(directory)
        say(f"{address} shows {directory}; stop with Ctrl-C.")
    if show:
        webbrowser.open(address)
    web.serve(Path(directory), listen=listen, port=port, hosts=frozenset(host or ()))


def account(
    directory: LaunchDir,
    name: Annotated[str | None, typer.Argument(help="Name of the person; without one all accounts are listed.")] = None,
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="viewer, analyst or approver.")] = "viewer",
    password: Annotated[
        str | None,
        typer.Option("--password", envvar="BEACHHEAD_PASSWORD", help="Better left out: it is asked for."),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the person's account away.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Add a person to the launch's accounts, set a new role and password, or take an account away."""
    roles, accounts = _web("server.guard").Role, _web("server.accounts")
    if role.upper() not in roles.__members__:
        raise BadInput(f"{role!r} is not a role", "use viewer, analyst or approver")
    store = open_launch(directory).store
    if remove:
        if name is None:
            raise BadInput("--remove takes an account away and nobody is named", "name the person")
        accounts.remove_account(store, name)
        said = f"{name} has no account any more; whoever was signed in as {name} is out."
    elif name is not None:
        asked = password or typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        accounts.add_account(store, name, roles[role.upper()], asked)
        said = f"{name} is now {role}; from now on everybody signs in."
    else:
        said = ""
    everybody = accounts.list_accounts(store)
    if as_json:
        show_json({"accounts": [{"name": each.name, "role": each.role.name.lower()} for each in everybody]})
    elif said:
        say(said)
    elif everybody:
        show_table(["name", "role"], [[each.name, each.role.name.lower()] for each in everybody])
    else:
        say("Nobody has an account: the launch is served on this machine only, to whoever uses it.")


def _web(module: str) -> Any:
    # Faces are strangers: the web is opened by name, and only where its extra is installed.
    try:
        return importlib.import_module(f"beachhead.web.{module}")
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("beachhead"):
            raise
        raise BadInput(f"the web app needs {error.name}", "pip install 'beachhead[server]'") from None
