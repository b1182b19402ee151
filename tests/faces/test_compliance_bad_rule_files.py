"""Bad rule files are refused with file and line, all faults at once, never with a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beachhead.compliance.check import compile_rules, rulebook
from beachhead.compliance.rule_entry import LISTS, Header
from beachhead.compliance.rule_file import bundled_rule_files, folder_rule_files, read_rule_file
from beachhead.world.errors import BadInput

BUNDLED = bundled_rule_files()
HEAD = "jurisdiction: NOWHERE\nname: Nowhere\nmarkets: [XN]\nas_of: 2026-01-01\n"


def faults_of(text: str) -> list[str]:
    """Every fault of a file, alone and against the bundled rules, as a user reads it."""
    file, faults = read_rule_file("rules/nowhere.yaml", text)
    found = list(faults)
    try:
        compile_rules((*BUNDLED, file))
    except BadInput as error:
        found += error.faults
    return [str(fault) for fault in found]


RULE = "rules:\n  - {requirement: R100, status: mandatory, citation: c, grade: B"
REFUSED = yaml.safe_load((Path(__file__).parent / "compliance_refused.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("refused", REFUSED, ids=lambda refused: refused["name"])
def test_it_is_refused_with_file_and_line(refused):
    told = "\n".join(faults_of(refused["text"].replace("HEAD\n", HEAD)))
    assert refused["place"] in told
    assert refused["problem"] in told


def test_all_faults_are_told_at_once():
    text = (
        HEAD
        + "colour: red\nrules:\n  - {requirement: R1000, status: mandatory, citation: c, grade: B}\n"
        + "  - {requirement: R10, status: mandatory, grade: B}\n"
        + "  - {requirement: R43, status: maybe, citation: c, grade: B}\n"
    )
    told = "\n".join(faults_of(text))
    for place in ("nowhere.yaml:5:colour", "nowhere.yaml:8:citation", "nowhere.yaml:9:status"):
        assert place in told


def test_norway_is_not_false():
    file, faults = read_rule_file("x.yaml", "jurisdiction: NORTH\nmarkets: [NO, SE]\nas_of: 2026-01-01\n")
    assert not faults
    assert file.jurisdiction is not None
    assert file.jurisdiction.markets == ("NO", "SE")


def test_a_file_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "x.yaml").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(BadInput, match="cannot read"):
        folder_rule_files(tmp_path)


def test_a_launch_folder_adds_and_overrides(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "gb.yaml").write_text(
        "jurisdiction: GB\nas_of: 2026-09-01\nrules:\n"
        "  - {requirement: R171, status: not_required, citation: letter of the ministry, grade: A}\n",
        encoding="utf-8",
    )
    (rule,) = rulebook(*folder_rule_files(tmp_path)).laws["GB"].rules["R171"]
    assert (rule.source.who, rule.place.file, rule.place.line) == ("letter of the ministry", "rules/gb.yaml", 4)


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    at=st.integers(0, 2000),
    cut=st.integers(0, 40),
    paste=st.text("{}[]:,- \n'\"#&*!|>%@`abcR017\t\u00e4", max_size=12),
)
def test_a_damaged_file_is_read_or_refused_with_its_place_but_never_fails(at, cut, paste):
    text = (
        HEAD
        + RULE
        + ", new_types: 2026-01-01}\nroutes:\n  - {code: r, title: r, volume: unlimited, citation: c, grade: B}\n"
    )
    damaged = text[: at % len(text)] + paste + text[at % len(text) + cut :]
    file, faults = read_rule_file("rules/x.yaml", damaged)
    assert file.name == "rules/x.yaml"
    for fault in faults:
        assert fault.file == "rules/x.yaml"
        assert fault.problem
        assert fault.cure


def test_the_example_of_the_reference_page_holds():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "rule-files.md").read_text(encoding="utf-8")
    text = page.split("```yaml\n")[1].split("```")[0]
    assert faults_of(text) == []


def test_the_reference_page_names_every_key():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "rule-files.md").read_text(encoding="utf-8")
    for model in (Header, *LISTS.values()):
        for key in model.model_fields:
            assert key in page, key
