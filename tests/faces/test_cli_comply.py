"""`beachhead comply` on the bundled launch: every face, and its refusals."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from beachhead.case.check import check_launch
from beachhead.cli.app import app
from beachhead.world.errors import BadInput

EXAMPLE = Path(__file__).parents[2] / "src" / "beachhead" / "case" / "examples" / "xiaomi"
DAY = ("--on", "2026-11-21")
EU_WVTA = "EU WVTA,,NL,,2026-10-01,,2029-12-31,e4*1,KBA list,2026-10-01,A"


@pytest.fixture
def launch(tmp_path) -> Path:
    """The bundled launch, with nothing held or promised."""
    shutil.copytree(EXAMPLE, tmp_path / "launch")
    table = tmp_path / "launch" / "approvals.csv"
    table.write_text(table.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    return tmp_path / "launch"


def run(*words: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["comply", *map(str, words)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


def flat(text: str) -> str:
    """The text without the line breaks of the console."""
    return " ".join(text.split())


def hold(launch: Path, *rows: str) -> None:
    path = launch / "approvals.csv"
    path.write_text(path.read_text(encoding="utf-8") + "\n".join(rows) + "\n", encoding="utf-8")


def test_the_matrix_says_from_when_and_how_many(launch):
    told = flat(run(launch, *DAY))
    assert "cars may be sold in 0 of 47 markets" in told
    assert "unknown is never read as allowed" in told
    assert "2027-07-31" in told
    assert "250" in told


def test_no_line_is_wider_than_a_hundred_columns(launch):
    for words in ([], ["--features"], ["--opens"], ["--market", "DE", "--offer", "YU7-MAX"], ["--why", "EURO7"]):
        few = () if "--market" in words else ("--market", "AT", "--market", "GB", "--market", "TH")
        assert max(map(len, run(launch, *DAY, *few, *words).splitlines())) <= 100


def test_one_answer_lists_what_is_missing_and_what_features_wait_for(launch):
    told = flat(run(launch, *DAY, "--market", "DE", "--offer", "YU7-MAX"))
    assert "YU7-MAX in DE on 2026-11-21" in told
    assert "EU small series: first legal day of sale" in told
    assert "Limit 250 cars of one type a year" in told
    assert "waits for R171" in told


def test_the_chain_of_reasons_is_told_with_citations(launch):
    told = flat(run(launch, "--on", "2026-12-01", "--market", "NO", "--offer", "YU7-MAX", "--why", "EURO7"))
    assert "EURO7, YU7-MAX: missing in NO" in told
    assert "NO takes over EU rules by the EEA Agreement" in told
    assert "[A, 2026-07-01] Regulation (EU) 2024/1257" in told


def test_features_are_told_by_market(launch):
    told = flat(run(launch, *DAY, "--features"))
    assert "Exterior cameras" in told
    assert "allowed with" in told


def test_the_approval_that_opens_most_is_told(launch):
    told = flat(run(launch, *DAY, "--opens"))
    assert "UN R171 approval in one of 53 countries opens" in told


def test_changes_are_told_with_the_day_to_act(launch):
    told = flat(run(launch, "--diff", "2026-11-01", "2027-11-01", "--market", "DE"))
    assert "2026-11-29" in told
    assert "EURO7" in told
    assert "(late)" in told
    assert "2027-02-18" in told
    assert "conformity, missing, by" in told  # the battery: by its declaration, then by its passport


def test_cars_in_stock_that_a_rule_shuts_out_are_told_as_end_of_series(launch):
    """Regulation (EU) 2018/858, article 49: Euro 7 asks every car from 29 November 2027; an approval of before does not
    show it. Twelve months on, the last day is 28 November 2028."""
    hold(launch, EU_WVTA)
    told = flat(run(launch, "--diff", "2026-11-21", "2028-01-01", "--market", "DE", "--offer", "SU7-STD"))
    assert "Cars in stock on 2027-11-29 without EURO7 may be registered until 2028-11-28 as end of series in DE" in told
    assert (
        "at most 10% of the cars of these types registered there in the year before, or 100 cars where that is fewer."
        in told
    )
    assert "The maker asks the approval authority of each member state before that day" in told
    assert "end of series" not in run(launch, "--diff", "2026-11-21", "2028-01-01", "--market", "GB")


def test_no_end_of_series_is_told_of_a_type_that_was_never_approved(launch):
    assert "end of series" not in run(launch, "--diff", "2026-11-21", "2028-01-01", "--market", "DE")


def test_a_certificate_that_runs_out_is_warned_of(launch):
    hold(launch, "plant assessment,,NL,,2024-06-01,,,CoP 1,letter,2026-10-01,A")
    told = flat(run(launch, "--diff", "2026-11-01", "2027-11-01", "--market", "DE"))
    assert "plant assessment (CoP 1) runs out on 2027-06-01; begin renewal by 2027-04-06." in told


def test_the_audit_before_a_certificate_is_held_anew_for_its_renewal(launch):
    """UN R155: 16 weeks of audit and 4 to the paper before 2027-06-01; the tests of the car behind others stand."""
    hold(launch, "CSMS certificate,,NL,,2024-06-01,,,CSMS 1,letter,2026-10-01,A")
    told = flat(run(launch, "--diff", "2026-11-01", "2027-11-01", "--market", "DE"))
    assert "CSMS certificate (CSMS 1) runs out on 2027-06-01; begin renewal by 2027-01-12." in told


def test_what_an_approval_still_to_come_will_show_is_not_late(launch):
    """Euro 7 is asked from 29 November 2026; the whole-vehicle approval promised for 18 December shows it."""
    hold(launch, "EU WVTA,,DE,,2026-12-18,,,,promised,2026-10-01,C")
    words = ("--diff", "2026-11-23", "2027-11-01", "--market", "DE", "--offer", "SU7-STD")
    (change,) = [
        change
        for change in json.loads(run(launch, *words, "--json"))["changes"]
        if change["code"] == "EURO7" and change["after"] == "missing"
    ]
    assert (change["day"], change["expected"]) == ("2026-11-29", "2026-12-18")
    assert change["act_by"] is None
    assert not change["late"]
    assert "45 changes, 1 of them closing something unless you act." in flat(run(launch, *words))
    told = run(launch, "--on", "2026-11-23", "--dossier", "--offer", "SU7-STD", "--market", "DE")
    assert "brake particles) not applicable -> missing; expected 2026-12-18." in told


@pytest.mark.parametrize(
    ("newer", "warned"),
    [
        ("plant assessment,,DE,,2026-09-01,,,CoP 2,filed,2026-10-01,A", False),
        ("plant assessment,,DE,,2027-06-02,,,CoP 2,promised,2026-10-01,C", False),
        ("plant assessment,,DE,,2027-06-03,,,CoP 2,promised a day too late,2026-10-01,C", True),
        ("plant assessment,YU7-MAX,DE,,2026-09-01,,,CoP 2,one offer only,2026-10-01,A", True),
        ("plant assessment,,DE,,2024-07-01,,2027-06-01,CoP 2,ends the same day,2026-10-01,A", True),
    ],
)
def test_no_renewal_is_asked_of_a_certificate_that_a_newer_one_replaces(launch, newer, warned):
    hold(launch, "plant assessment,,DE,,2024-06-01,,2027-06-01,CoP 1,filed,2026-10-01,A", newer)
    told = flat(run(launch, "--diff", "2026-11-01", "2027-11-01", "--market", "DE"))
    assert ("(CoP 1) runs out on 2027-06-02" in told) is warned


def test_what_runs_out_is_told_of_the_offers_asked_about(launch):
    hold(launch, "plant assessment,YU7-MAX,DE,,2024-06-01,,2027-06-01,CoP 1,filed,2026-10-01,A")
    days = ("--diff", "2026-11-01", "2027-11-01", "--market", "DE")
    assert "CoP 1" in run(launch, *days, "--offer", "YU7-MAX")
    assert "CoP 1" not in run(launch, *days, "--offer", "SU7-STD")


def test_what_runs_out_is_told_of_the_markets_asked_about(launch):
    rows = ("GB importer,,GB,,2024-06-01,,2027-06-01,GB 1", "plant assessment,,DE,,2024-06-01,,2027-06-01,CoP 1")
    hold(launch, *(f"{row},filed,2026-10-01,A" for row in rows))
    days = ("--diff", "2026-11-01", "2027-11-01")
    assert "GB 1" in run(launch, *days)
    assert "GB 1" in run(launch, *days, "--market", "NO", "--market", "GB")
    told = run(launch, *days, "--market", "NO")
    assert "GB 1" not in told
    assert "CoP 1" in told, "Norway's whole-vehicle approval waits for it"
    assert "GB 1" not in run(launch, *DAY, "--market", "NO", "--market", "SE")


def test_what_is_held_counts_from_its_day(launch):
    hold(launch, EU_WVTA)
    before = json.loads(run(launch, "--on", "2026-09-30", "--market", "DE", "--offer", "YU7-MAX", "--json"))
    after = json.loads(run(launch, "--on", "2026-10-01", "--market", "DE", "--offer", "YU7-MAX", "--json"))
    verdicts = [
        {item["requirement"]: item["verdict"] for item in answer["answers"][0]["requirements"]}
        for answer in (before, after)
    ]
    assert [verdict["WVTA"] for verdict in verdicts] == ["missing", "met"]


def test_json_carries_every_requirement_with_reasons_and_sources(launch):
    answer = json.loads(run(launch, *DAY, "--market", "DE", "--market", "US", "--offer", "SU7-PRO", "--json"))
    assert [item["market"] for item in answer["answers"]] == ["DE", "US"]
    for item in answer["answers"]:
        assert len(item["requirements"]) >= 45
        for requirement in item["requirements"]:
            assert all(reason["source"]["who"] for reason in requirement["reasons"])


def test_the_dossier_prints_boxes_steps_and_sources(launch, tmp_path):
    text = run(launch, *DAY, "--dossier", "--offer", "YU7-MAX", "--market", "GB")
    assert text.startswith("# Dossier: YU7-MAX in GB, GB type approval")
    assert "- [ ] **WVTA**" in text
    assert "- [x] **PLUG**" in text
    assert "critical path: prototypes -> crash tests" in text
    assert "new models since 1 February 2024" in text
    run(launch, *DAY, "--dossier", "--offer", "YU7-MAX", "--market", "GB", "--out", tmp_path / "gb.md")
    assert (tmp_path / "gb.md").read_text(encoding="utf-8").strip() == text.strip()


def test_a_dossier_tells_requirements_and_features_of_one_day(tmp_path):
    """The bundled launch waits for papers of 18 December 2026: lane keeping may be used once its approval is shown."""
    shutil.copytree(EXAMPLE, tmp_path / "launch")
    words = ("--on", "2026-11-23", "--dossier", "--offer", "SU7-STD", "--market", "DE")
    text = run(tmp_path / "launch", *words)
    assert "All is told as it stands on 2026-12-18, the first day of sale" in flat(text)
    assert "- [x] **R79**" in text
    assert "- [x] **lane_keep** Lane keeping, hands on: allowed with conditions." in text


def test_a_dossier_tells_together_what_one_promised_paper_shows(tmp_path):
    """Nine papers of 18 December 2026 show 46 requirements and open ten features: eleven lines, every code in them."""
    shutil.copytree(EXAMPLE, tmp_path / "launch")
    words = ("--on", "2026-11-23", "--dossier", "--offer", "SU7-STD", "--market", "DE")
    text = run(tmp_path / "launch", *words)
    ahead = [line for line in text[text.index("## What changes") :].splitlines() if line.startswith("- 2026-12-18: ")]
    assert len(ahead) <= 12
    changes = json.loads(run(tmp_path / "launch", *words, "--json"))["ahead"]
    for change in changes:
        assert any((change["code"] if change["what"] == "requirement" else change["title"]) in line for line in ahead)
    assert "requirements missing -> met: ADDW, ALC," in ahead[0]
    assert ahead[0].endswith("Shown by EU WVTA granted on 2026-12-18 by DE.")
    days = ("--diff", "2026-11-23", "2027-11-23", "--market", "DE", "--offer", "SU7-STD")
    told = flat(run(tmp_path / "launch", *days))
    assert "57 changes" in told
    assert "missing -> met SU7-STD in DE [C]" in told  # what rests on a promised paper is no fact of the law


def test_a_dossier_says_what_other_evidence_a_later_rule_takes(launch):
    text = run(launch, *DAY, "--dossier", "--offer", "SU7-STD", "--market", "DE")
    assert "missing -> missing, by other evidence; act by" in text
    assert "missing -> missing;" not in text


def test_a_dossier_may_be_written_for_a_small_series(launch):
    words = ("--dossier", "--offer", "YU7-MAX", "--market", "DE", "--route", "eu-national-small-series")
    assert "EU national small-series approval" in run(launch, *DAY, *words)


def test_everything_goes_into_one_workbook(launch, tmp_path):
    run(launch, *DAY, "--market", "DE", "--out", tmp_path / "all.xlsx")
    book = load_workbook(tmp_path / "all.xlsx")
    assert book.sheetnames == ["matrix", "requirements", "features", "routes"]
    assert book["matrix"].max_row == 1 + 6
    assert book["requirements"].max_row > 6 * 45
    header = [cell.value for cell in book["requirements"][1]]
    assert header[-1] == "citations"
    assert all(row[-1].value for row in book["requirements"].iter_rows(min_row=2))


def test_everything_goes_into_csv_files(launch, tmp_path):
    told = run(launch, *DAY, "--market", "DE", "--offer", "YU7-MAX", "--out", tmp_path / "all.csv")
    assert "1 answer written" in told
    with (tmp_path / "all-routes.csv").open(encoding="utf-8", newline="") as file:
        routes = {row["route"]: row for row in csv.DictReader(file)}
    assert routes["eu-small-series"]["cap"] == "1500"
    assert routes["eu-national-small-series"]["day"] == "2027-07-03"


def test_the_cost_of_approvals_is_shared_by_the_markets_that_need_them(launch):
    answer = json.loads(run(launch, *DAY, "--cost", "--market", "de", "--market", "GB", "--json"))
    alone = [permit["cost_alone_eur"] for permit in answer["permits"]]
    shares = [permit["cost_shared_eur"] for permit in answer["permits"]]
    assert max(alone) < sum(shares) < sum(alone)
    assert "its share" in run(launch, *DAY, "--cost", "--market", "DE")


def test_used_cars_count_against_the_limit(launch):
    told = flat(run(launch, *DAY, "--market", "DE", "--offer", "YU7-MAX", "--used", "DE=250"))
    assert "Limit 250 cars of one type a year; 250 left in 2027" in told


def test_used_cars_of_an_offer_count_against_the_limit_of_its_type_alone(launch):
    """Regulation (EU) 2018/858, annex V, part A: units of one type a year. SU7-STD and SU7-PRO are one type."""
    words = ("--on", "2027-01-15", "--market", "DE", "--used", "DE:SU7-STD=240")
    assert "Limit 250 cars of one type a year; 10 left in 2027." in flat(run(launch, *words, "--offer", "SU7-PRO"))
    assert "Limit 250 cars of one type a year; 250 left in 2027." in flat(run(launch, *words, "--offer", "YU7-MAX"))
    words = ("--on", "2027-01-15", "--market", "DE", "--used", "DE:SU7-STD=1500")
    (permit,) = json.loads(run(launch, *words, "--cost", "--json"))["permits"]
    assert {code: day[:4] for code, day in permit["pilots"].items()} == {
        **dict.fromkeys(("SU7-STD", "SU7-PRO", "SU7-MAX"), "2028"),
        **dict.fromkeys(("YU7-STD", "YU7-PRO", "YU7-MAX"), "2027"),
    }


def test_an_extension_of_before_existing_types_are_asked_says_what_it_is_taken_for(launch):
    """Distraction warning: new types from 2024-07-07, all from 2026-07-07; it may have been for a variant."""
    hold(launch, "EU WVTA,,NL,,2023-10-01,2025-03-01,,e4*1,KBA list,2026-10-01,A")
    told = flat(run(launch, *DAY, "--market", "DE", "--offer", "YU7-MAX", "--why", "ADDW"))
    assert "extended on 2025-03-01 by NL (e4*1). Existing types were not asked yet on that day" in told
    asked_by_then = flat(run(launch, *DAY, "--market", "DE", "--offer", "YU7-MAX", "--why", "R155"))
    assert "not asked yet" not in asked_by_then


def test_a_sound_rule_file_is_added_and_counts(launch, tmp_path):
    file = tmp_path / "gb.yaml"
    file.write_text(
        "jurisdiction: GB\nas_of: 2026-11-01\nrules:\n"
        "  - {requirement: R171, status: when_fitted, citation: letter of the ministry, grade: A}\n"
        "feature_rules:\n"
        "  - {feature: navigate_on_pilot_highway, permission: allowed, needs: [R171], citation: letter, grade: A}\n",
        encoding="utf-8",
    )
    assert "holds" in run(launch, "--add", file)
    told = flat(run(launch, *DAY, "--market", "GB", "--offer", "YU7-MAX", "--why", "navigate_on_pilot_highway"))
    assert "blocked in GB" in told
    assert "letter of the ministry" in told


def test_a_rule_file_of_a_name_that_is_not_read_is_refused(launch, tmp_path):
    file = tmp_path / "gb.txt"
    file.write_text("jurisdiction: GB\nas_of: 2026-11-01\n", encoding="utf-8")
    with pytest.raises(BadInput, match="is no name of a rule file"):
        run(launch, "--add", file)
    assert not (launch / "rules").exists()


def test_a_bad_rule_file_is_refused_and_changes_nothing(launch, tmp_path):
    file = tmp_path / "gb.yaml"
    file.write_text("jurisdiction: GB\nas_of: 2026-11-01\nrules:\n  - {requirement: R171}\n", encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        run(launch, "--add", file)
    assert "gb.yaml:4" in str(refused.value)
    assert not (launch / "rules").exists()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--market", "ZZ"), "'ZZ' is no market"),
        (("--offer", "T4"), "'T4' is no offer"),
        (("--diff", "2027-01-01", "2026-01-01"), "does not lie after"),
        (("--diff", "soon", "2026-01-01"), "'soon' is not a day"),
        (("--dossier",), "one offer in one market"),
        (("--why", "R9999"), "'R9999' is no requirement"),
        (("--used", "DE"), "does not say how many cars"),
        (("--used", "ZZ=3"), "'ZZ' is no market"),
        (("--used", "DE:SU9=3"), "'SU9' is no offer"),
        (("--diff", "2027-01-01", "9999-12-31"), "9999-12-31 lies outside 1900 to 2200"),
        (("--add", "none.yaml"), "cannot read none.yaml: No such file or directory"),
        (("--out", "x.pdf"), "neither .csv nor .xlsx"),
        (("--dossier", "--offer", "YU7-MAX", "--market", "GB", "--route", "nope"), "'nope' is no route of GB"),
    ],
)
def test_wrong_questions_are_refused(launch, words, problem):
    with pytest.raises(BadInput) as refused:
        run(launch, *DAY, *words)
    assert problem in str(refused.value)


def test_a_day_beyond_the_calendar_is_refused_as_wrong_usage(launch):
    assert "lies outside 1900 to 2200" in run(launch, "--on", "9999-12-31", code=2)


def test_an_approval_no_rule_file_knows_is_told_with_its_line(launch):
    hold(launch, EU_WVTA, "UN R1000,,NL,,2026-10-01,,,x,letter,2026-10-01,A")
    with pytest.raises(BadInput) as refused:
        run(launch, *DAY)
    assert "approvals.csv:3:approval: 'UN R1000' is no approval of any rule file: did you mean UN R100?" in str(
        refused.value
    )


def test_a_feature_no_rule_file_knows_is_told_with_its_line_wherever_rules_are_read(launch):
    """Misspelt, lane keeping would go without what the law asks of it."""
    table = launch / "offers.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("lane_keep", "lane_kepe", 1), encoding="utf-8")
    told = "offers.csv:2:features: 'lane_kepe' is no feature of any rule file: did you mean lane_keep?"
    with pytest.raises(BadInput) as refused:
        run(launch, *DAY)
    assert told in str(refused.value)
    assert [str(fault) for fault in check_launch(launch).faults] == [told]
    (launch / "rules").mkdir()
    own = "as_of: 2026-11-01\nfeatures:\n  - {code: lane_kepe, title: lane keeping of our own}\n"
    (launch / "rules" / "own.yaml").write_text(own, encoding="utf-8")
    assert not check_launch(launch).faults
