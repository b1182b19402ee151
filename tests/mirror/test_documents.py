"""Documents name what is there: every link, every file of the house and every module that a page names exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page.relative_to(ROOT)
    for folder in (".", "docs/**", "benchmarks", "webapp")
    for page in ROOT.glob(f"{folder}/*.md")
)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
# Names with a hyphen, such as my-home/home.toml, are folders of the reader's own.
FILE = re.compile(r"`([a-z]\w*/[\w./-]*\.(?:py|md|toml|mjs))`")
ANCHOR = re.compile(r"\]\(([^)#\s]*)#([^)]+)\)")
MODULE = re.compile(r"\bbeachhead((?:\.[a-z_]+)+)")


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_what_a_page_names_is_there(page: Path) -> None:
    """Links from the page, files from the root, the package or the page, modules and what stands in them."""
    text, here = (ROOT / page).read_text(encoding="utf-8"), (ROOT / page).parent
    package = ROOT / "src" / "beachhead"
    missing = [link for link in LINK.findall(text) if "://" not in link and not (here / link).exists()]
    missing += [
        file for file in FILE.findall(text) if not any((place / file).exists() for place in (ROOT, package, here))
    ]
    missing += [f"beachhead{name}" for name in MODULE.findall(text) if not _stands(package, name[1:].split("."))]
    assert not missing


def _stands(package: Path, parts: list[str]) -> bool:
    """Whether folders, then a file, then at most one name in it stand for a dotted name."""
    if not parts:
        return True
    if (package / parts[0]).is_dir():
        return _stands(package / parts[0], parts[1:])
    if (package / f"{parts[0]}.py").is_file():
        source = (package / f"{parts[0]}.py").read_text(encoding="utf-8")
        return len(parts) == 1 or (len(parts) == 2 and bool(re.search(rf"\b{parts[1]}\b", source)))
    return False


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_what_a_link_points_at_is_a_heading(page: Path) -> None:
    """The part of a link after # is a heading of the page, by the rule of the house that shows the pages."""
    text = (ROOT / page).read_text(encoding="utf-8")
    missing = [
        f"{to}#{anchor}"
        for to, anchor in ANCHOR.findall(text)
        if "://" not in to and anchor not in _headings((ROOT / page).parent / to if to else ROOT / page)
    ]
    assert not missing


def _headings(page: Path) -> set[str]:
    """Headings as links name them: lower case, hyphens for spaces, punctuation left out."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
