"""Usage by team, key and endpoint, and a log limited to some of them."""

from pathlib import Path

import numpy as np
import pytest
from request_logs import NOW, csv_text, json_lines, write

from calculators.logs.request_file import LogError
from calculators.logs.request_groups import only_text
from calculators.logs.usage_files import read_usage
from calculators.logs.usage_questions import UsageAnswers
from calculators.logs.usage_reading import UsageReading

HEADER = "timestamp,team_alias,api_key,endpoint,user_email,model,input_tokens,output_tokens,cost"
SECRET = "sk-proj-abcdefgh12345678wxyz"


def lines(hour_count: int = 48) -> list[str]:
    """Checkout has a request every hour, search one every twelve, with ten times the tokens."""
    rows = []
    for hour in range(hour_count):
        day = f"2026-10-{5 + hour // 24:02d}T{hour % 24:02d}"
        rows.append(f"{day}:00:00Z,checkout,{SECRET},/v1/chat/completions,ann@example.com,small,100,10,0.01")
        if hour % 12 == 3:
            rows.append(
                f"{day}:30:00Z,search,search-prod,/v1/responses?key={SECRET},bob@example.com,large,1000,100,0.1"
            )
    return rows


def read(folder: Path, rows: list[str] | None = None, header: str = HEADER, **only: list[str]) -> UsageReading:
    path = write(folder, csv_text(lines() if rows is None else rows, header))
    return read_usage([path], UsageAnswers(only=only), now=NOW)


def test_usage_is_split_by_every_group_that_the_log_names(tmp_path: Path) -> None:
    groups = read(tmp_path).groups
    assert {group: [(s.value, s.requests, s.input_tok) for s in shares] for group, shares in groups.items()} == {
        "team": [("checkout", 48, 4_800), ("search", 4, 4_000)],
        "key": [("...wxyz", 48, 4_800), ("search-prod", 4, 4_000)],
        "endpoint": [("/v1/chat/completions", 48, 4_800), ("/v1/responses", 4, 4_000)],
    }
    assert [share.spend_usd for share in groups["team"]] == [pytest.approx(0.48), pytest.approx(0.4)]


def test_no_secret_and_no_address_is_kept(tmp_path: Path) -> None:
    said = str(read(tmp_path).to_json())
    assert SECRET not in said
    assert "example.com" not in said


def test_a_log_without_such_columns_has_no_groups(tmp_path: Path) -> None:
    rows = ["2026-10-05T09:00:00Z,100,10", "2026-10-05T09:05:00Z,100,10"]
    assert read(tmp_path, rows, "timestamp,input_tokens,output_tokens").groups == {}


def test_rows_without_a_team_are_unknown(tmp_path: Path) -> None:
    header = "timestamp,team,input_tokens,output_tokens"
    rows = ["2026-10-05T09:00:00Z,a,100,10", "2026-10-05T09:05:00Z,,300,10", "2026-10-05T09:06:00Z,,300,10"]
    teams = read(tmp_path, rows, header).groups["team"]
    assert [(share.value, share.input_tok) for share in teams] == [("unknown", 600), ("a", 100)]
    assert read(tmp_path, rows, header, team=["unknown"]).input_tok == 600


def test_one_request_is_no_workload(tmp_path: Path) -> None:
    rows = ["2026-10-05T09:00:00Z,a,100,10", "2026-10-05T09:05:00Z,b,300,10"]
    with pytest.raises(LogError, match="a single request with team b; take more values"):
        read(tmp_path, rows, "timestamp,team,input_tokens,output_tokens", team=["b"])


def test_beyond_fifty_values_the_rest_is_summed(tmp_path: Path) -> None:
    rows = [f"2026-10-05T09:{n:02d}:00Z,team{n},{1_000 - n},10" for n in range(60)]
    teams = read(tmp_path, rows, "timestamp,team,input_tokens,output_tokens").groups["team"]
    assert len(teams) == 51
    assert (teams[-1].value, teams[-1].requests) == ("others", 10)
    assert sum(share.input_tok or 0 for share in teams) == sum(1_000 - n for n in range(60))


def test_a_name_deep_down_is_better_than_a_hash_on_top(tmp_path: Path) -> None:
    rows = [
        {
            "startTime": f"2026-10-05T09:{n:02d}:00Z",
            "api_key": "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b",
            "prompt_tokens": 100,
            "completion_tokens": 10,
            "metadata": {"user_api_key_alias": "checkout-prod", "user_api_key_team_alias": "checkout"},
        }
        for n in range(5)
    ]
    reading = read_usage([write(tmp_path, json_lines(rows), "spend.jsonl")], now=NOW)
    assert {group: shares[0].value for group, shares in reading.groups.items()} == {
        "team": "checkout",
        "key": "checkout-prod",
    }


def test_a_nested_log_keeps_its_groups(tmp_path: Path) -> None:
    rows = [
        {
            "data": {
                "at": {"time": f"2026-10-05T09:{n:02d}:00Z"},
                "tags": {"team": "a" if n % 2 else "b"},
                "response": {"usage": {"input_tokens": 100, "output_tokens": 10, "cache_read_input_tokens": 50}},
            }
        }
        for n in range(5)
    ]
    reading = read_usage([write(tmp_path, json_lines(rows), "log.jsonl")], UsageAnswers(only={"team": ["a"]}), now=NOW)
    assert [(share.value, share.requests) for share in reading.groups["team"]] == [("a", 2)]


# --- a part of the log ---------------------------------------------------------------------------------------------


def test_a_team_alone_has_its_own_lengths_and_peak_over_the_time_of_the_whole_log(tmp_path: Path) -> None:
    whole, part = read(tmp_path), read(tmp_path, team=["search"])
    assert (part.requests, part.input_tok, part.output_tok) == (4, 4_000, 400)
    assert part.spend_usd == pytest.approx(0.4)
    assert (part.start, part.end) == (whole.start, whole.end)
    assert part.summary is not None
    assert whole.summary is not None
    assert part.summary.input_tok.p95_tok == 1_000
    assert part.summary.peaks[2].ratio == pytest.approx(47 / 4)  # four busy hours among 47
    assert part.summary.request_rate_req_s == pytest.approx(whole.summary.request_rate_req_s * 4 / 52)


def test_the_reading_says_that_it_is_a_part_and_how_much(tmp_path: Path) -> None:
    part = read(tmp_path, team=["search"], model=["large", "small"])
    assert part.name == "log.csv (only team search, model large or small)"
    assert part.read[0].startswith(
        "4 requests from 2026-10-05 00:00 to 2026-10-06 23:00 UTC: 4,000 input and 400 output"
    )
    assert part.read[1] == (
        "Only team search, model large or small: 45% of the tokens and 4 of 52 requests of the file."
    )


def test_a_key_is_asked_for_as_it_is_shown(tmp_path: Path) -> None:
    assert read(tmp_path, key=["...wxyz"]).requests == 48


def test_copies_are_counted_once_before_the_log_is_limited(tmp_path: Path) -> None:
    """The row that names no team is the more complete one of its request, so it stays."""
    header = "request_id,timestamp,team,input_tokens,output_tokens"
    rows = ["1,2026-10-05T09:00:00Z,a,100,0", "1,2026-10-05T09:00:09Z,,100,50", "2,2026-10-05T09:01:00Z,a,100,10"]
    assert read(tmp_path, [*rows, "3,2026-10-05T09:02:00Z,a,100,20"], header, team=["a"]).output_tok == 30


def test_two_files_of_which_one_names_no_team_are_read_together(tmp_path: Path) -> None:
    paths = [
        write(tmp_path, csv_text(["2026-10-05T09:00:00Z,a,100,10"] * 2, "timestamp,team,input_tokens,output_tokens")),
        write(tmp_path, csv_text(["2026-10-05T10:00:00Z,70,10"], "timestamp,input_tokens,output_tokens"), "b.csv"),
    ]
    reading = read_usage(paths, UsageAnswers(repeated_rows="each"), now=NOW)
    assert [(share.value, share.requests) for share in reading.groups["team"]] == [("a", 2), ("unknown", 1)]


def test_an_unknown_value_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"log.csv has no request with team nobody; there are: checkout, search\."):
        read(tmp_path, team=["nobody"])


def test_an_unknown_group_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="no column for user; it can be split by model, team, key and endpoint"):
        read(tmp_path, user=["ann"])


def test_the_text_of_a_filter_joins_values_and_groups() -> None:
    assert only_text({"team": ["a", "b"], "model": ["m"]}) == "team a or b, model m"


def test_the_p95_of_each_model_is_that_of_its_own_requests(tmp_path: Path) -> None:
    lengths = {model: [n * n * step % 997 + 1 for n in range(40)] for model, step in (("a", 3), ("b", 70), ("", 11))}
    rows = [
        f"2026-10-05T09:{n:02d}:00Z,{model},{tok},{tok // 2}"
        for model, of in lengths.items()
        for n, tok in enumerate(of)
    ]
    models = read(tmp_path, rows, "timestamp,model,input_tokens,output_tokens").models
    p95s = {share.value: (share.input_p95_tok, share.output_p95_tok) for share in models}
    halves = {model: [tok // 2 for tok in of] for model, of in lengths.items()}
    assert p95s == {
        model or "unknown": (round(np.percentile(of, 95)), round(np.percentile(halves[model], 95)))
        for model, of in lengths.items()
    }
