"""The whole command-line application, for whoever needs all commands at once: the reference, the tests."""

from __future__ import annotations

from beachhead.cli.start import COMMANDS, build

app = build(COMMANDS)
import typer

from beachhead.cli.adjust import adjust
from beachhead.cli.backtest import backtest
from beachhead.cli.charge import charge
from beachhead.cli.check import check
from beachhead.cli.comply import comply
from beachhead.cli.decide import decide
from beachhead.cli.demo import demo
from beachhead.cli.design import design
from beachhead.cli.evidence import evidence
from beachhead.cli.log import log
from beachhead.cli.new import new
from beachhead.cli.observe import observe
from beachhead.cli.plan import plan
from beachhead.cli.programme import programme
from beachhead.cli.read import read
from beachhead.cli.replay import replay
from beachhead.cli.research import research
from beachhead.cli.score import score
from beachhead.cli.serve import account, serve
from beachhead.cli.service import service
from beachhead.cli.show import console, plain
from beachhead.cli.site import site
from beachhead.cli.supply import supply
from beachhead.cli.targets import targets
from beachhead.cli.verify import verify
from beachhead.cli.worth import worth
from beachhead.world.errors import BadInput, BeachheadError

app = typer.Typer(
    name="beachhead",
    help="Plan, run and learn from a staged product launch across countries.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _root() -> None:
    """Plan, run and learn from a staged product launch across countries."""


for command in (
    new,
    check,
    demo,
    plan,
    design,
    observe,
    read,
    decide,
    research,
    adjust,
    log,
    replay,
    score,
    worth,
    comply,
    supply,
    service,
    site,
    targets,
    serve,
    account,
    backtest,
    verify,
):
    app.command()(command)


app.add_typer(programme, name="programme")
app.add_typer(evidence, name="evidence")
app.add_typer(charge, name="charge")


def main() -> None:
    """Run the command line: exit 0 done, 1 an error of ours with its cure, 2 wrong usage."""
    try:
        app()
    except BeachheadError as error:
        _report(error, as_json="--json" in sys.argv[1:])
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except KeyboardInterrupt:
        print("stopped; what was acknowledged is kept", file=sys.stderr)
        sys.exit(130)


def _report(error: BeachheadError, *, as_json: bool) -> None:
    if as_json:
        faults = error.faults if isinstance(error, BadInput) else ()
        body = {"kind": type(error).__name__, "message": error.message, "hint": error.hint, "faults": faults}
        print(json.dumps({"error": plain(body)}, indent=2, ensure_ascii=False))
    else:
        console(err=True).print(str(error), markup=False, soft_wrap=True)
