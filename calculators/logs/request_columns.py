"""Which column of a request log means what: a table of known names, matched without case and punctuation.

Pure text work: nothing here opens a file. `usage_file` reads the first rows and `usage_roles` asks this module about them.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from calculators.logs.cells import is_number
from calculators.logs.timestamps import ZONE, is_excel_day, is_written

ROLES = ("time", "input", "output", "cache_read", "cache_write", "status", "id")
"""What a person can map. `input` is the total input, cached tokens included, unless told otherwise."""
EXTRA_ROLES = ("reasoning", "gateway_cache", "kind")
"""Found by name only: tokens to add to `output`, answers of a gateway's own cache, rows that are no model call."""
TOKEN_ROLES = ("input", "output", "cache_read", "cache_write", "reasoning")

# Normalised names, the preferred one first. A dotted column (usage.prompt_tokens) also matches by its tail.
NAMES: Mapping[str, tuple[str, ...]] = {
    "time": (
        *("starttime", "startedat", "requestcreatedat", "requesttime", "requesttimestamp", "requeststartns"),
        *("requeststarttime", "starttimestamp", "arrivaltime", "arrivedat", "timestamp", "eventtime", "loggingtime"),
        *("createdat", "created", "receivedat", "datetime", "time", "ts", "timestampms", "timems", "times", "date"),
    ),
    "input": (
        *("genaiusageinputtokens", "usagedetailsinput", "inputinputtokencount", "prompttokens", "inputtokens"),
        *("contexttokens", "inputlength", "tokensprompt", "prompttokencount", "inputtokencount"),
        *("inputsequencelengthvalue", "uncachedinputtokens", "inputuncachedtokens", "requesttokens", "numprompttokens"),
        *("nprompttokens", "promptlen", "promptlength", "inputlen", "tokensinput", "tokensin", "intokens", "tokin"),
        *("inputtok", "prompttok", "prompt", "input", "in"),
    ),
    "output": (
        *("genaiusageoutputtokens", "usagedetailsoutput", "outputoutputtokencount", "completiontokens", "outputtokens"),
        *("generatedtokens", "outputlength", "tokenscompletion", "candidatestokencount", "outputtokencount"),
        *("outputsequencelengthvalue", "responsetokens", "numcompletiontokens", "numoutputtokens"),
        *("ncompletiontokens", "outputlen", "completionlen", "completionlength", "tokensoutput", "tokensout"),
        *("outtokens", "tokout", "outputtok", "completiontok", "completion", "output", "out"),
    ),
    "cache_read": (
        *("genaiusagecachereadinputtokens", "cachereadinputtokens", "cachereadinputtokencount"),
        *("promptcachereadtokens", "prompttokensdetailscachedtokens", "inputtokensdetailscachedtokens"),
        *("inputcachedtokens", "cachedinputtokens", "cachedcontenttokencount", "cachedtokens", "tokenscached"),
        *("cachedprompttokens", "cachereadtokens", "promptcachehittokens", "cachehittokens", "numcachedtokens"),
        *("inputcacheread", "cacheread", "cachedtok", "cached"),
    ),
    "cache_write": (
        *("genaiusagecachecreationinputtokens", "cachecreationinputtokens", "cachewriteinputtokencount"),
        *("cachewriteinputtokens", "promptcachewritetokens", "prompttokensdetailscachewritetokens"),
        *("inputcachewritetokens", "inputcachecreationtokens", "inputcachecreation", "cachecreationtokens"),
        *("cachewritetokens", "tokenscachewrite", "cachewrite"),
    ),
    "status": (
        *("responsestatus", "statuscode", "httpstatus", "httpstatuscode", "responsecode", "status", "errorcode"),
        *("cancelled", "canceled", "success", "succeeded", "level", "outcome", "error"),
    ),
    "id": ("requestid", "xrequestid", "generationid", "completionid", "callid", "id"),
    "reasoning": ("thoughtstokencount", "usagedetailsoutputreasoningtokens"),
    "gateway_cache": ("cachehit",),
    "kind": ("type",),
}
MAX_COMPARED_CHARS = 60
"""Of a name that is no known one; comparing takes quadratic time."""
WHOLE_NAME_ONLY = frozenset({"id", "type", "date", "error", "status", "created", "prompt", "completion", "time"})
TOTAL_NAMES = ("totaltokens", "totaltokencount", "usagedetailstotal", "tokenstotal")
EXCLUDING_NAMES = frozenset(
    {"uncachedinputtokens", "inputuncachedtokens", "inputtokencount", "inputinputtokencount", "usagedetailsinput"}
)
EXCLUDING_PAIRS = frozenset(
    {
        ("inputtokens", "cachereadinputtokens"),
        ("inputtokens", "cachecreationinputtokens"),
        ("prompttokens", "promptcachereadtokens"),
        ("prompttokens", "promptcachewritetokens"),
    }
)
ERROR_NAMES = frozenset({"error", "errorcode"})
BAD_FLAG_NAMES = frozenset({"cancelled", "canceled"})
GOOD_FLAG_NAMES = frozenset({"success", "succeeded"})

PER_REQUEST = "a per-request log (one row a request, with its time, input tokens and output tokens)"
# (names that must all be there, what the file is, what to export instead)
AGGREGATES: tuple[tuple[frozenset[str], str, str], ...] = (
    (frozenset({"nummodelrequests"}), "an aggregate, an OpenAI usage report summed per time bucket", PER_REQUEST),
    (
        frozenset({"usageinputtokensnocache"}),
        "an aggregate, an Anthropic console usage report summed per day",
        PER_REQUEST,
    ),
    (
        frozenset({"startingat", "uncachedinputtokens"}),
        "an aggregate, an Anthropic usage report summed per bucket",
        PER_REQUEST,
    ),
    (frozenset({"startingat", "endingat"}), "an aggregate, a usage report summed per time bucket", PER_REQUEST),
    (frozenset({"apirequests"}), "an aggregate, a daily spend table of LiteLLM", "the table LiteLLM_SpendLogs"),
    (frozenset({"date", "requests"}), "an aggregate, an activity report summed per day", PER_REQUEST),
    (
        frozenset({"windowstarts", "requestspers"}),
        "an aggregate, a table of request rates per time window",
        PER_REQUEST,
    ),
    (
        frozenset({"totalinputtokens", "totaloutputtokens"}),
        "an aggregate, the result of a benchmark summed per run",
        PER_REQUEST,
    ),
    (frozenset({"benchmarks"}), "an aggregate, a benchmark report", PER_REQUEST),
    (frozenset({"skudescription"}), "an aggregate, a billing export summed per SKU", PER_REQUEST),
    (
        frozenset({"timespan", "timeseries"}),
        "an aggregate, an export of Azure Monitor metrics summed per interval",
        PER_REQUEST,
    ),
    (
        frozenset({"processedprompttokens"}),
        "an aggregate, an export of Azure Monitor metrics summed per interval",
        PER_REQUEST,
    ),
    (frozenset({"resourcespans"}), "an OTLP trace file with nested lists", "one flat object a span and line"),
)


@dataclass(frozen=True, slots=True)
class ColumnMatch:
    """A column that a role may be. `name` is the entry of the table; `part_count` how deep the column is nested."""

    column: str
    name: str
    part_count: int
    rank_count: int


def normalised(name: str) -> str:
    """The name in lower case with letters and digits only."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def is_time(text: str) -> bool:
    """True for a number or a date with or without a time."""
    return is_number(text) or is_written(text)


def matching_columns(role: str, columns: Iterable[str]) -> list[ColumnMatch]:
    """Every column whose name means `role`, the best first: least nested, then the order of the table."""
    columns_found = [match for column in columns if (match := _match(role, column)) is not None]
    return sorted(columns_found, key=lambda match: (match.part_count, match.rank_count))


def _match(role: str, column: str) -> ColumnMatch | None:
    parts = [part for part in column.split(".") if part]
    for start in range(len(parts)):
        name = normalised("".join(parts[start:]))
        if name in NAMES[role] and not (start and name in WHOLE_NAME_ONLY):
            return ColumnMatch(column, name, len(parts), NAMES[role].index(name))
    return None


def values_fit(role: str, values: Sequence[str]) -> bool:
    """Whether the sample of a column can be that role: numbers for tokens, times for time; empty cells say nothing."""
    filled = [value for value in values if value.strip()]
    if role == "kind":
        return any(value == "GENERATION" for value in filled)
    if role == "time":
        return not filled or sum(map(is_time, filled)) > len(filled) / 2
    if role in TOKEN_ROLES:
        return not filled or sum(map(is_number, filled)) > len(filled) / 2
    return True


def fitting_columns(role: str, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> list[ColumnMatch]:
    """Matches of `role` whose sample values fit."""
    matching = matching_columns(role, columns)
    return [match for match in matching if values_fit(role, [row.get(match.column, "") for row in rows])]


def rival_column(ranked: Sequence[ColumnMatch], rows: Sequence[Mapping[str, str]]) -> str | None:
    """The column that contests the best match: as little nested, but with other values. None: no contest."""
    for rival in ranked[1:]:
        same_depth = rival.part_count == ranked[0].part_count
        if same_depth and any(row.get(rival.column) != row.get(ranked[0].column) for row in rows):
            return rival.column
    return None


def excludes_cache(best: Mapping[str, ColumnMatch], columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> bool:
    """Whether the input column leaves cached tokens out: from a total column when there is one, else from names."""
    caches = [best[role] for role in ("cache_read", "cache_write") if role in best]
    if "input" not in best or not caches:
        return False
    by_total = _excludes_by_total(best, columns, rows)
    if by_total is not None:
        return by_total
    name = best["input"].name
    return name in EXCLUDING_NAMES or any((name, cache.name) in EXCLUDING_PAIRS for cache in caches)


def _excludes_by_total(
    best: Mapping[str, ColumnMatch], columns: Sequence[str], rows: Sequence[Mapping[str, str]]
) -> bool | None:
    totals = [column for column in columns if normalised(column).endswith(TOTAL_NAMES)]
    votes = [vote for row in rows if totals and (vote := _total_vote(best, min(totals, key=len), row)) is not None]
    return votes[0] if votes and len(set(votes)) == 1 else None


def _total_vote(best: Mapping[str, ColumnMatch], total_column: str, row: Mapping[str, str]) -> bool | None:
    """True: total = input + caches + output in this row; False: total = input + output; None: says nothing."""
    tok = {role: _as_int(row.get(best[role].column, "")) for role in TOKEN_ROLES if role in best}
    caches_tok = tok.get("cache_read", 0) + tok.get("cache_write", 0)
    rest_tok = _as_int(row.get(total_column, "")) - sum(tok.values())
    if caches_tok <= 0 or rest_tok not in (0, -caches_tok):
        return None
    return rest_tok == 0


def _as_int(text: str) -> int:
    try:
        return int(float(text.replace(",", "")))
    except (ValueError, OverflowError):
        return 0


def aggregate_reason(names: Iterable[str]) -> str | None:
    """Why these columns are sums and no request log, with what to export instead; None when they are not."""
    keys = {normalised(name) for name in names} | {normalised(name.rsplit(".", 1)[-1]) for name in names}
    for needed, what, instead in AGGREGATES:
        if needed <= keys:
            return f"is {what}, not a log of single requests; export {instead} instead"
    return None


def nearest_name(role: str, columns: Sequence[str]) -> list[str]:
    """Up to three columns whose names look most like the names known for `role`."""

    def score(column: str) -> float:
        tail = normalised(column.rsplit(".", 1)[-1][:MAX_COMPARED_CHARS])
        return max(difflib.SequenceMatcher(None, tail, name).ratio() for name in NAMES[role][:-2])

    return [column for column in sorted(columns, key=score, reverse=True)[:3] if score(column) > 0.5]


def relative_unit(column: str, others: Iterable[str], values: Sequence[str]) -> tuple[str, bool] | None:
    """The unit ("s" or "ms") of a clock that counts from 0, and whether that is sure. None: it is an absolute clock."""
    numbers = [float(value) for value in values if re.fullmatch(r"\d+(\.\d+)?", value.strip())]
    if not numbers or len(numbers) < len([value for value in values if value.strip()]) or min(numbers) >= 1e8:
        return None
    if is_excel_day(values):
        return None
    name = normalised(column)
    if name.endswith(("ms", "millis", "milliseconds", "msec")):
        return "ms", True
    if column.lower().endswith(("_s", "sec", "secs", "seconds")) or any(number % 1 for number in numbers):
        return "s", True
    names = {normalised(other) for other in others}
    if "parentchatid" in names:
        return "s", True  # the published traces of Bailian, here rounded
    if {"inputlength", "outputlength", "hashids"} <= names:
        return "ms", True  # the published traces of Mooncake
    return ("ms" if max(numbers) >= 1e7 else "s"), False


def is_naive(text: str) -> bool:
    """True for a written date and time that names no zone."""
    return is_written(text) and not re.search(rf"(?:{ZONE}(?: [A-Z]{{3,5}})?\]?)$", text.strip()[8:])
