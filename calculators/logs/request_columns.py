"""Which column of a request log means what: a table of known names, matched without case and punctuation.

Pure text work: nothing here opens a file. `usage_file` reads the first rows and `usage_roles` asks this module about them.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

ROLES = ("time", "input", "output", "cache_read", "cache_write", "status", "id")
"""What a person can map. `input` is the total input, cached tokens included, unless told otherwise."""
EXTRA_ROLES = ("reasoning", "tool_input", "model", "spend", "span", "parent")
"""Found by name only: tokens to add to `output` and to `input`, model and cost of a request, and which span a row is of
which parent."""
MARK_ROLES = ("status", "gateway_cache", "kind", "tier")
"""What leaves a row out of the requests, or of the peak. Every column of these names counts, not only the best."""
TOKEN_ROLES = ("input", "output", "cache_read", "cache_write", "reasoning", "tool_input")
BLANK_WORDS = (
    "null",
    "none",
    "nil",
    "nan",
    "nat",
    "n/a",
    "na",
    "#n/a",
    "-",
    "--",
    "\u2013",
    "\u2014",
    "undefined",
    "\\n",
)
"""What an export writes for nothing, in lower case."""

MAX_WORD_CHARS = 200
"""Longer text is no name of a model or an operation."""
MAX_STATUS_CHARS = 60
MAX_STATUS_COUNT = 40

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
        *("numprefilltokens", "prefilltokens"),
        *("nprompttokens", "promptlen", "promptlength", "inputlen", "tokensinput", "tokensin", "intokens", "tokin"),
        *("inputtok", "prompttok", "prompt", "input", "in"),
    ),
    "output": (
        *("genaiusageoutputtokens", "usagedetailsoutput", "outputoutputtokencount", "completiontokens", "outputtokens"),
        *("generatedtokens", "outputlength", "tokenscompletion", "candidatestokencount", "outputtokencount"),
        *("outputsequencelengthvalue", "responsetokens", "numcompletiontokens", "numoutputtokens"),
        *("numdecodetokens", "decodetokens"),
        *("ncompletiontokens", "outputlen", "completionlen", "completionlength", "tokensoutput", "tokensout"),
        *("outtokens", "tokout", "outputtok", "completiontok", "completion", "output", "out"),
    ),
    "cache_read": (
        *("genaiusagecachereadinputtokens", "cachereadinputtokens", "cachereadinputtokencount"),
        *("promptcachereadtokens", "prompttokensdetailscachedtokens", "inputtokensdetailscachedtokens"),
        *("inputcachedtokens", "cachedinputtokens", "cachedcontenttokencount", "cachedtokens", "tokenscached"),
        *("cachedprompttokens", "cachereadtokens", "promptcachehittokens", "cachehittokens", "numcachedtokens"),
        *("promptcachedtokens", "cachereadtok", "tokenscacheread"),
        *("inputcacheread", "cacheread", "cachedtok", "cached"),
    ),
    "cache_write": (
        *("genaiusagecachecreationinputtokens", "cachecreationinputtokens", "cachewriteinputtokencount"),
        *("cachewriteinputtokens", "promptcachewritetokens", "prompttokensdetailscachewritetokens"),
        *("inputcachewritetokens", "inputcachecreationtokens", "inputcachecreation", "cachecreationtokens"),
        *("cachewritetokens", "tokenscachewrite", "cachewrite"),
    ),
    "status": (
        *("responsestatus", "statuscode", "httpstatus", "httpstatuscode", "responsecode", "responsestatuscode"),
        *("httpresponsestatus", "httpresponsestatuscode", "httpresponsecode", "httpcode", "httpstatustext", "status"),
        *("requeststatus", "finalstatus", "callstatus", "resultcode", "state", "result", "level", "outcome"),
        *("finishreason", "finishreasonnormalized", "finishreasonraw", "nativefinishreason", "stopreason"),
        *("cancelled", "canceled", "aborted", "timedout", "iserror", "haserror", "isfailed", "failed", "isfailure"),
        *("isapierrormessage", "success", "succeeded", "successful", "issuccess", "issuccessful", "wassuccessful"),
        *("requestsuccess", "isok", "ok", "errorcode", "errortype", "errorclass", "errormessage", "errormsg", "errmsg"),
        *("error", "err", "exception", "exceptiontype", "exceptionmessage", "failurereason"),
    ),
    "id": (
        *("requestid", "xrequestid", "generationid", "completionid", "callid", "responseid", "id", "spanid", "runid"),
        *("observationid", "eventid", "uuid"),
    ),
    "reasoning": (
        *("thoughtstokencount", "usagedetailsoutputreasoningtokens", "reasoningtokens", "reasoningtokencount"),
        *("reasoningoutputtokens", "outputreasoningtokens", "completionreasoningtokens", "tokensreasoning"),
        *("thinkingtokens", "thoughtstokens", "thoughttokens", "tokensthinking", "reasoningtok"),
    ),
    "tool_input": ("tooluseprompttokencount", "toolusetokens", "toolprompttokens"),
    "gateway_cache": (
        *("cachehit", "iscachehit", "iscached", "cached", "fromcache", "servedfromcache", "isfromcache", "cachestatus"),
        *("responsecached", "cachedresponse", "gatewaycachehit", "gatewaycached", "semanticcachehit", "cacheresult"),
        *("cacheresponsehit", "responsefromcache", "xcache", "xcachestatus", "cachehitstatus"),
    ),
    "kind": (
        *("type", "calltype", "requesttype", "operationname", "operation", "operationtype", "runtype", "spankind"),
        *(
            "openinferencespankind",
            "observationtype",
            "apitype",
            "tasktype",
            "tasks",
            "task",
            "kind",
            "event",
            "object",
        ),
        *(
            "endpoint",
            "endpointtype",
            "route",
            "path",
            "requestpath",
            "urlpath",
            "requesturi",
            "uri",
            "url",
            "requesturl",
        ),
        *("api", "apiname", "apiendpoint", "modality", "mode", "method"),
    ),
    "tier": ("servicetier", "processingtier", "pricingtier", "tier", "batch", "isbatch", "batchapi", "batchmode"),
    "model": (
        *("responsemodel", "genairesponsemodel", "genairequestmodel", "requestmodel", "model", "modelname", "modelid"),
        *("providedmodelname", "modelpermaslug", "aimodel", "llmmodelname", "modelgroup", "modeldeploymentname"),
        *("deploymentname", "deployment", "modelversion", "engine"),
    ),
    "spend": (
        *("spend", "spendusd", "costusd", "totalcostusd", "totalcost", "costtotal", "calculatedtotalcost", "usagecost"),
        *(
            "requestcost",
            "responsecost",
            "cost",
            "price",
            "totalprice",
            "priceusd",
            "amountusd",
            "usd",
            "costindollars",
        ),
    ),
    "span": ("spanid", "contextspanid", "runid", "observationid", "id", "uuid"),
    "parent": ("parentspanid", "parentrunid", "parentobservationid", "parentid", "parentuuid"),
}
WHOLE_NAME_ONLY = frozenset(
    {
        *("id", "type", "date", "error", "status", "created", "prompt", "completion", "time", "state", "result", "ok"),
        *(
            "err",
            "level",
            "outcome",
            "failed",
            "kind",
            "event",
            "object",
            "path",
            "url",
            "uri",
            "api",
            "mode",
            "method",
        ),
        *("task", "tasks", "batch", "tier", "cached", "usd", "price", "engine", "uuid", "exception"),
    }
)
"""Too common to count below any key."""
STATUS_HOLDERS = frozenset(
    {
        *("http", "response", "result", "request", "attributes", "span", "call", "outcome", "metadata", "data"),
        *("status", "usage", "llm", "info", "fullresponse"),
    }
)
"""Keys below which a `status` is that of the request."""
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
INCLUDING_CACHES = frozenset(
    {
        *("genaiusagecachereadinputtokens", "prompttokensdetailscachedtokens", "inputtokensdetailscachedtokens"),
        *("inputcachedtokens", "cachedinputtokens", "cachedcontenttokencount", "cachedtokens", "tokenscached"),
        *(
            "cachedprompttokens",
            "promptcachehittokens",
            "promptcachedtokens",
            "numcachedtokens",
            "cachedtok",
            "cached",
            "inputcached",
        ),
    }
)
"""Names of cache columns that every maker uses for a part of the input."""
ADDED_REASONING = frozenset({"thoughtstokencount", "usagedetailsoutputreasoningtokens", "thoughtstokens"})
INCLUDED_REASONING = frozenset({"tokensreasoning", "reasoningoutputtokens"})

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


def is_number(text: str) -> bool:
    """True for 12, 12.0, 1,234 and −3; text as written in a cell."""
    return bool(re.fullmatch(r"[+-]?\d[\d,]*(\.\d+)?([eE][+-]?\d+)?", text.strip()))


def is_time(text: str) -> bool:
    """True for a number or an ISO-like date with or without a time."""
    return is_number(text) or is_date_time(text)


def is_date_time(text: str) -> bool:
    """True for 2026-10-05, 2026-10-05 09:00:00.123 and RFC 3339."""
    return bool(re.match(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}([ T]\d{1,2}:\d{2}.*)?$", text.strip()))


def matching_columns(role: str, columns: Iterable[str]) -> list[ColumnMatch]:
    """Every column whose name means `role`, the best first: least nested, then the order of the table."""
    columns_found = [match for column in columns if (match := _match(role, column)) is not None]
    return sorted(columns_found, key=lambda match: (match.part_count, match.rank_count))


def _match(role: str, column: str) -> ColumnMatch | None:
    parts = [part for part in column.split(".") if part]
    if role == "status" and any(normalised(part) in ("error", "exception") for part in parts[:-1]):
        return ColumnMatch(column, "error", len(parts), len(NAMES[role]))  # a key of an error object
    for start in range(len(parts)):
        name = normalised("".join(parts[start:]))
        known = name in NAMES[role]
        if known and not (start and name in WHOLE_NAME_ONLY and not _is_held(role, parts[start - 1])):
            return ColumnMatch(column, name, len(parts), NAMES[role].index(name))
    return None


def _is_held(role: str, holder: str) -> bool:
    return role == "status" and normalised(holder) in STATUS_HOLDERS


def is_blank(text: str) -> bool:
    """True for an empty cell and for the words that exports write for nothing."""
    return not text.strip() or text.strip().lower() in BLANK_WORDS


def values_fit(role: str, values: Sequence[str]) -> bool:
    """Whether the sample of a column can be that role: numbers for tokens, times for time; empty cells say nothing."""
    filled = [value for value in values if not is_blank(value)]
    if role == "gateway_cache":
        return all(map(is_cache_word, filled))
    if role == "cache_read" and filled and all(map(is_flag, filled)):
        return False  # a flag of a gateway's own cache
    if role in ("model", "span", "parent", "kind", "tier"):
        return all(len(value) <= MAX_WORD_CHARS for value in filled) and (role != "model" or bool(filled))
    if role == "spend":
        return sum(map(is_money, filled)) > len(filled) / 2
    if role == "time":
        return not filled or sum(map(is_time, filled)) > len(filled) / 2
    if role in TOKEN_ROLES:
        return not filled or sum(map(is_number, filled)) > len(filled) / 2
    return True


def _is_status(match: ColumnMatch, values: Sequence[str]) -> bool:
    """An error may say anything; a status is one of a few words."""
    filled = {value for value in values if not is_blank(value)}
    is_word = len(filled) <= MAX_STATUS_COUNT and all(len(value) <= MAX_STATUS_CHARS for value in filled)
    return is_word or match.name.startswith(("err", "exception", "failure"))


def is_flag(text: str) -> bool:
    """True for true, false, yes and no."""
    return text.strip().lower() in ("true", "false", "t", "f", "yes", "no", "y", "n")


def is_cache_word(text: str) -> bool:
    """True for what a gateway writes of its own cache: a flag, 0, 1, HIT, MISS, DISABLED and the like."""
    words = r"(0|1)(\.0)?|.*(hit|miss|bypass|disabled|expired|stale|dynamic|refresh|updating|revalidated).*"
    return is_flag(text) or bool(re.fullmatch(words, text.strip().lower()))


def is_money(text: str) -> bool:
    """True for 0.0123, $1.20 and 1.2E-05."""
    return is_number(text.strip().removeprefix("$").removeprefix("USD").removesuffix("USD"))


def fitting_columns(role: str, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> list[ColumnMatch]:
    """Matches of `role` whose sample values fit; blank columns only where no other has the name."""
    matching = matching_columns(role, columns)
    if role == "status":
        return [match for match in matching if _is_status(match, [row.get(match.column, "") for row in rows])]
    fitting = [match for match in matching if values_fit(role, [row.get(match.column, "") for row in rows])]
    filled = [match for match in fitting if not all(is_blank(row.get(match.column, "")) for row in rows)]
    return filled or fitting


def rival_column(ranked: Sequence[ColumnMatch], rows: Sequence[Mapping[str, str]]) -> str | None:
    """The column that contests the best match: as little nested, but with other values. None: no contest."""
    for rival in ranked[1:]:
        same_depth = rival.part_count == ranked[0].part_count
        if same_depth and any(row.get(rival.column) != row.get(ranked[0].column) for row in rows):
            return rival.column
    return None


def whole_number(text: str) -> int:
    """Tokens in a cell; 0 for anything else."""
    try:
        return int(float(text.replace(",", "") or 0))
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
        tail = normalised(column.rsplit(".", 1)[-1])
        return max(difflib.SequenceMatcher(None, tail, name).ratio() for name in NAMES[role][:-2])

    return [column for column in sorted(columns, key=score, reverse=True)[:3] if score(column) > 0.5]


def relative_unit(column: str, others: Iterable[str], values: Sequence[str]) -> tuple[str, bool] | None:
    """The unit ("s" or "ms") of a clock that counts from 0, and whether that is sure. None: it is an absolute clock."""
    numbers = [float(value) for value in values if re.fullmatch(r"\d+(\.\d+)?", value.strip())]
    if not numbers or len(numbers) < len([value for value in values if value.strip()]) or min(numbers) >= 1e8:
        return None
    name = normalised(column)
    if name.endswith(("ms", "millis", "milliseconds", "msec")):
        return "ms", True
    if column.lower().endswith(("_s", "sec", "secs", "seconds")) or any(number % 1 for number in numbers):
        return "s", True
    if {"inputlength", "outputlength"} <= {normalised(other) for other in others}:
        return "ms", True  # the published traces of Mooncake
    return ("ms" if max(numbers) >= 1e7 else "s"), False


def is_naive(text: str) -> bool:
    """True for a written date and time that names no zone."""
    if not is_date_time(text) or re.search(r"(Z|UTC|GMT|[+-]\d\d(:?\d\d)?)$", text.strip()[10:]):
        return False
    return bool(text.strip())


def is_midnight(text: str) -> bool:
    """True for a date without a time of day."""
    try:
        return len(text.strip()) <= 10 and bool(datetime.strptime(text.strip().replace("/", "-"), "%Y-%m-%d"))
    except ValueError:
        return False
