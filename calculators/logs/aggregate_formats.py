"""The tables of sums that vendors and gateways export, one small entry each, and what their columns mean.

Names are normalized: lower case, letters and digits only. A new format is one `AggregateFormat`.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from calculators.logs.column_words import plain_role, token_role

TableShape = Literal["columns", "metrics", "items"]
"""columns: a column each for input, output and so on; metrics: columns named as metrics, to be told by their words; items:
one row an item (metric, SKU, usage type) with its amount."""
InputIs = Literal["all", "uncached", "unsure"]
"""What a plain column of input tokens holds."""

START = (
    *("starttimeiso", "starttime", "startingat", "usagedateutc", "lineitemusagestartdate", "usagestarttime"),
    *("chargeperiodstart", "usagestartdate", "windowstart", "bucketstart", "timeutc", "timegeneratedutc"),
    *("timegenerated", "timestamputc", "timestamp", "datetime", "time", "date", "day", "usagedate", "month", "week"),
    *("hour", "period", "bucket", "lastactivity", "timestamps", "utcdate", "startdate", "periodstart", "from"),
)
END = (
    *("endtimeiso", "endtime", "endingat", "lineitemusageenddate", "usageendtime", "chargeperiodend", "usageenddate"),
    *("windowend", "bucketend"),
)
LAST_DAY = ("enddate", "periodend", "to", "until")
"""Columns that hold the last day of a period, which belongs to it, or else its end."""
COLUMNS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "requests": tuple(
        (name,)
        for name in (
            *("nummodelrequests", "successfulrequests", "apirequests", "requests", "requestcount", "numrequests"),
            *("totalrequests", "nrequests", "azureopenairequests", "modelrequests", "invocations", "calls"),
            *("callcount", "apicalls", "numcalls", "numberofrequests", "requestscount", "entries", "countobservations"),
            *("totalcalls", "llmcalls"),
        )
    ),
    "uncached": tuple(
        (name,) for name in ("uncachedinputtokens", "inputuncachedtokens", "usageinputtokensnocache", "uncachedtokens")
    ),
    "input": tuple(
        (name,)
        for name in (
            *("inputtokens", "prompttokens", "tokensprompt", "processedprompttokens", "inputtokencount"),
            *(
                "tokensinput",
                "tokensin",
                "totalprompttokens",
                "totalinputtokens",
                "suminputtokens",
                "sumprompttokens",
                "input",
                "inputusage",
            ),
        )
    ),
    "read": tuple(
        (name,)
        for name in (
            *("cachereadinputtokens", "inputcachedtokens", "usageinputtokenscacheread", "cachereadtokens"),
            *(
                "cachedinputtokens",
                "cachedtokens",
                "tokenscached",
                "cachedprompttokens",
                "cachereadinputtokencount",
                "tokenscacheread",
            ),
        )
    ),
    "write": (
        *((name,) for name in ("cachecreationinputtokens", "inputcachewritetokens", "cachewriteinputtokens")),
        ("ephemeral5minputtokens", "ephemeral1hinputtokens"),
        ("usageinputtokenscachewrite5m", "usageinputtokenscachewrite1h"),
        *(
            (name,)
            for name in ("usageinputtokenscachewrite", "cachecreationtokens", "cachewritetokens", "tokenscachecreation")
        ),
    ),
    "output": tuple(
        (name,)
        for name in (
            *("outputtokens", "usageoutputtokens", "completiontokens", "tokenscompletion", "generatedtokens"),
            *("generatedcompletiontokens", "outputtokencount", "tokensoutput", "tokensout", "totaloutputtokens"),
            *("totalcompletiontokens", "sumoutputtokens", "sumcompletiontokens", "output", "outputusage"),
        )
    ),
    "total": (("totaltokens",), ("tokenstotal",), ("totalusage",)),
}
"""For each quantity the columns that may hold it, the first that does; of one entry all are added."""
SPEND = (
    *("amountvalue", "spend", "spendusd", "costusd", "cost", "totalcost", "totalcostusd", "totalspend", "costtotal"),
    *("lineitemunblendedcost", "billedcost", "costinbillingcurrency", "pretaxcost", "costinusd"),
)
CURRENCY = (
    "estimatedcostcurrency",
    *("amountcurrency", "currency", "lineitemcurrencycode", "billingcurrency", "billingcurrencycode"),
)
MODEL = (
    *("modeldeploymentname", "modelname", "model", "modelversion", "modelpermaslug", "modelid", "modelgroup"),
    *("deployment", "deploymentname", "modelsused"),
)


@dataclass(frozen=True, slots=True)
class AggregateFormat:
    """How one export is known and read. `needed`: names that all occur; `any_of`: of which one occurs."""

    what: str
    needed: frozenset[str]
    any_of: frozenset[str] = frozenset()
    shape: TableShape = "columns"
    input_is: InputIs = "all"
    item: tuple[str, ...] = ()
    amount: tuple[str, ...] = ()
    unit: tuple[str, ...] = ()
    spend: tuple[str, ...] = SPEND
    units_per_usd: float = 1.0
    """Of the spend column: 100 where it is in cents."""
    default_scale: float = 1.0
    """Tokens of one unit where the table has no column of units."""
    about: tuple[str, ...] = ()
    """Columns that say which service a row of a bill is about; rows of others are passed over."""
    seller: str = ""
    """Who sold the tokens, as price lists name it; empty where the format does not say."""
    day_first: bool | None = None
    """Whether dates such as 05/10/2026 begin with the day, where the user told; None: as the rows show."""


def _format(what: str, needed: str, any_of: str = "", **more: object) -> AggregateFormat:
    return AggregateFormat(what, frozenset(needed.split()), frozenset(any_of.split()), **more)  # type: ignore[arg-type]


AGGREGATE_FORMATS: tuple[AggregateFormat, ...] = (
    _format("an OpenAI usage report", "nummodelrequests starttime"),
    _format("an Anthropic usage report", "startingat uncachedinputtokens", input_is="uncached"),
    _format("an Anthropic console export", "usageinputtokensnocache usagedateutc", input_is="uncached"),
    _format(
        *("an Anthropic cost report", "startingat amount currency"),
        spend=("amount",),
        units_per_usd=100.0,
        seller="anthropic",
    ),
    _format(
        *("Anthropic's Claude Code report", "tokensinput tokensoutput estimatedcostamount"),
        input_is="uncached",
        spend=("estimatedcostamount",),
        units_per_usd=100.0,
    ),
    _format(
        *("an OpenAI cost report", "starttime amount results", "value currency"),
        item=("lineitem",),
        amount=("quantity",),
    ),
    _format("an OpenAI cost export", "amountvalue", "starttime starttimeiso", item=("lineitem",), amount=("quantity",)),
    _format("LiteLLM's daily spend", "date spend prompttokens apirequests"),
    _format(
        "OpenRouter's activity",
        "date requests prompttokens",
        "byokusageinference modelpermaslug usage",
        spend=("usage",),
        seller="openrouter",
    ),
    _format(
        *(
            "a ccusage report",
            "inputtokens cachecreationtokens cachereadtokens",
            "daily weekly monthly sessions blocks",
        ),
        input_is="uncached",
        spend=("cost", "totalcost", "costusd"),
    ),
    _format(
        *("a ccusage report", "tokencounts entries", "blocks"),
        input_is="uncached",
        spend=("costusd",),
    ),
    _format(
        *("Azure Monitor metrics", "timeseries timestamp", "total"),
        shape="items",
        item=("namevalue",),
        amount=("total",),
        spend=(),
        seller="azure",
    ),
    _format(
        *("Azure Monitor metrics", "total timestamp", "metricname metric"),
        shape="items",
        item=("metricname", "metric"),
        amount=("total",),
        spend=(),
        seller="azure",
    ),
    _format(
        *("Azure Monitor metrics", "total timegenerated metricname"),
        shape="items",
        item=("metricname",),
        amount=("total",),
        spend=(),
        seller="azure",
    ),
    _format(
        *("CloudWatch metrics of Bedrock", "label", "metricdataresults datapoints"),
        shape="items",
        input_is="uncached",
        item=("label",),
        amount=("values", "sum"),
        spend=(),
        seller="aws",
    ),
    _format(
        *("an AWS cost and usage report", "lineitemusagetype lineitemusageamount lineitemusagestartdate"),
        shape="items",
        input_is="uncached",
        item=("lineitemusagetype",),
        amount=("lineitemusageamount",),
        unit=("pricingunit", "lineitemlineitemdescription"),
        default_scale=1e3,
        about=("lineitemproductcode", "lineitemusagetype", "lineitemlineitemdescription", "productservicename"),
        seller="aws",
    ),
    _format(
        *("a Google Cloud billing export", "skudescription", "usageamount usagestarttime usagestartdate"),
        shape="items",
        input_is="uncached",
        item=("skudescription",),
        amount=("usageamount",),
        unit=("usageunit",),
        spend=("cost", "costusd", "subtotal"),
        about=("servicedescription", "skudescription"),
        seller="google",
    ),
    _format(
        *("a FOCUS billing export", "chargeperiodstart consumedquantity"),
        shape="items",
        input_is="uncached",
        item=("skumeter", "chargedescription", "skuid"),
        amount=("consumedquantity",),
        unit=("consumedunit",),
        spend=("billedcost", "effectivecost"),
        about=("servicename", "skumeter", "chargedescription"),
    ),
    _format(
        *("Azure cost details", "metername quantity unitofmeasure date"),
        shape="items",
        input_is="uncached",
        item=("metername",),
        amount=("quantity",),
        unit=("unitofmeasure",),
        about=("metercategory", "metersubcategory", "metername", "consumedservice"),
        seller="azure",
    ),
    _format("counters of a server", "prometheuscounter"),
    _format("an OpenAI usage export", "starttime endtime starttimeiso endtimeiso"),
)
METRIC_COLUMNS = re.compile("processedprompttokens|azureopenairequests")
METRIC_TABLE = AggregateFormat("Azure Monitor metrics", frozenset(), shape="metrics", spend=(), seller="azure")
PLAIN = AggregateFormat("a table of usage by period", frozenset(), input_is="unsure", spend=(*SPEND, "amount"))
KIND_ROWS = AggregateFormat("a table with a row for each kind of token", frozenset(), shape="items", input_is="unsure")
MODEL_SERVICES = re.compile(
    r"bedrock|openai|foundry|cognitive|vertex|gemini|generative|claude|anthropic|mistral|llama|nova|token|gpt",
    re.IGNORECASE,
)

WORDS: tuple[tuple[str, str], ...] = (
    (
        "",
        r"storage|\brate\b|matchrate|utili[sz]ation|latency|time ?to|\btpm|\brpm|total ?tokens|token ?transaction|inference ?tokens",
    ),
    ("", r"per ?sec|error|throttle|blocked|availability|provisioned|commitment"),
    ("write", r"cach\w*\W*\w*(write|creat|storing)|(write|creat)\w*\W*\w*cach"),
    ("read", r"cach|cchd"),
    ("output", r"out ?put|\boutp?\b|completion|candidate|response ?tokens"),
    ("input", r"input|\binp\b|prompt"),
    ("output", r"generated|thinking|reasoning"),
    ("requests", r"requests?(\b|sum|total|count)|invocations?(\b|sum)|calls\b"),
)
"""Which quantity an item is, by the first pattern that its name holds; "": none that counts."""
PAST_CHARACTERS = re.compile("character|image|video|audio|second", re.IGNORECASE)


QUANTITY_OF_ROLE: Mapping[str, str] = {
    "input": "input",
    "uncached": "uncached",
    "output": "output",
    "reasoning": "output",
    "cache_read": "read",
    "cache_write": "write",
    "requests": "requests",
}
REGION = re.compile(r"^[A-Z]{2,4}\d?-|^Global-")
NO_MODEL_WORDS = re.compile(
    r"(?i)\b(cached?[- ]?(read|write|creation|storage)?|input|output|inp|outp|prompt|completion|generate content|tokens?"
    r"|counts?|batch|predictions?|units|text|long|short|global|regional|glbl|ga)\b"
)


@lru_cache(4_096)
def quantity_of(item: str) -> str:
    """The quantity that an item's name tells, as in `COLUMNS`; "" when none."""
    bare = item.rpartition(":")[2]
    told = QUANTITY_OF_ROLE.get(token_role(bare) or plain_role(bare) or "")
    if told:
        return told
    text = item.replace("_", " ").replace("-", " ")
    return next((role for role, pattern in WORDS if re.search(pattern, text, re.IGNORECASE)), "")


@lru_cache(4_096)
def is_model_service(text: str) -> bool:
    """Whether the words of a bill's row are about a language model."""
    return MODEL_SERVICES.search(text) is not None


@lru_cache(4_096)
def unit_scale(unit: str) -> float:
    """Tokens of one unit: 1,000 for "1K tokens", a million for "1M"; 1 when it says nothing."""
    text = unit.replace(",", "")
    if re.search(r"\b1? ?m(illion)?\b|mtok|1000000\b|million", text, re.IGNORECASE):
        return 1e6
    if re.search(r"\b1? ?k\b|ktok|\b1000\b|thousand", text, re.IGNORECASE):
        return 1e3
    return 1.0


@lru_cache(4_096)
def item_model(item: str) -> str:
    """The model within an item's name: what is left without region, direction and the word token; "" when nothing is."""
    if ":" in item:  # a product of a marketplace names no model
        return ""
    plain = REGION.sub("", item).replace("_", "-")
    return " ".join(re.sub(r"[-\s]*\s[-\s]*|^-+|-+$|--+", " ", NO_MODEL_WORDS.sub(" ", plain)).split()).strip(" -,")


def known_format(names: frozenset[str]) -> AggregateFormat | None:
    """The export that has these names; None when they name none."""
    for entry in AGGREGATE_FORMATS:
        if entry.needed <= names and (not entry.any_of or entry.any_of & names):
            return entry
    if any(METRIC_COLUMNS.search(name) for name in names) and names & set(START):
        return METRIC_TABLE
    return None


def may_be_sums(names: frozenset[str]) -> bool:
    """Whether a table with these names may be sums by period: a time, input, output, and a count or a date."""

    def has(quantity: str) -> bool:
        return any(name in names for group in COLUMNS[quantity] for name in group)

    inputs = has("input") or has("uncached")
    of_periods = has("requests") or bool(names & (PERIODS | frozenset(END)))
    return inputs and has("output") and bool(names & set(START)) and of_periods


KIND_COLUMNS = (
    "tokentype",
    "metric",
    "metricname",
    "type",
    "usagetype",
    "kind",
    "item",
    "name",
    "category",
    "direction",
    "genaitokentype",
)
AMOUNT_COLUMNS = ("amount", "quantity", "tokens", "tokencount", "value", "total", "sum", "usage", "numtokens", "count")


def kinds_format(names: frozenset[str], values: Mapping[str, Collection[str]]) -> AggregateFormat | None:
    """How to read a table with one row for each kind of token; None where no column holds kinds. `values`: by column, what the
    first rows hold."""
    amount = next((name for name in AMOUNT_COLUMNS if name in names), None)
    for kind in KIND_COLUMNS:
        told = {quantity_of_kind(value) for value in values.get(kind, ()) if value}
        if amount and {"output"} <= told and told & {"input", "uncached"} and names & set(START):
            return replace(KIND_ROWS, item=(kind,), amount=(amount,))
    return None


def quantity_of_kind(text: str) -> str:
    """The quantity of a kind of token, as "input" or "prompt_tokens"; "" for other words."""
    return QUANTITY_OF_ROLE.get(token_role(text) or token_role(f"{text} tokens") or plain_role(text) or "", "")


PERIODS = frozenset({"date", "day", "month", "week", "usagedate", "period", "bucket", "hour", *LAST_DAY})
