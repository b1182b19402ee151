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
# The database of a launch is a file of that name (`store.FILE_NAME`), not a module.
MODULE = re.compile(r"\bbeachhead(?!\.db\b)((?:\.[a-z_]+)+)")
PACKAGE = ROOT / "src" / "beachhead"
SOURCES = sorted(source.relative_to(ROOT) for source in PACKAGE.rglob("*.py"))
DOTTED = re.compile(r"`(?:beachhead\.)?([a-z_]+(?:\.\w+)+)`")
FILES = ("csv", "json", "md", "py", "toml", "yaml")


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_what_a_page_names_is_there(page: Path) -> None:
    """Links from the page, files from the root, the package or the page, modules and what stands in them."""
    text, here = (ROOT / page).read_text(encoding="utf-8"), (ROOT / page).parent
    missing = [link for link in LINK.findall(text) if "://" not in link and not (here / link).exists()]
    missing += [
        file for file in FILE.findall(text) if not any((place / file).exists() for place in (ROOT, PACKAGE, here))
    ]
    missing += [f"beachhead{name}" for name in MODULE.findall(text) if not _stands(PACKAGE, name[1:].split("."))]
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


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_what_a_source_points_at_is_there(source: Path) -> None:
    """`room.module.name` in a docstring or a comment: folders, a file, a name in it, perhaps an attribute of that."""
    named = {name for name in DOTTED.findall((ROOT / source).read_text(encoding="utf-8")) if _is_of_the_house(name)}
    missing = [name for name in sorted(named) if not _is_known(PACKAGE, name.split("."))]
    assert not missing


def _is_of_the_house(name: str) -> bool:
    first, *_, last = name.split(".")
    return (PACKAGE / first).is_dir() and last not in FILES


def _is_known(folder: Path, parts: list[str]) -> bool:
    """As `_stands`; a folder's own names and attributes of a name count too."""
    if (folder / parts[0]).is_dir():
        return len(parts) == 1 or _is_known(folder / parts[0], parts[1:])
    file, names = (folder / f"{parts[0]}.py", parts[1:])
    if not file.is_file():
        file, names = folder / "__init__.py", parts
    return all(re.search(rf"\b{name}\b", file.read_text(encoding="utf-8")) for name in names)


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
