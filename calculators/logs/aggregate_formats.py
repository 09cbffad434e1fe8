"""The tables of sums that vendors and gateways export, one small entry each. A new format is one `AggregateFormat`."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from calculators.logs.aggregate_columns import COLUMNS, END, PERIODS, SPEND, START
from calculators.logs.aggregate_items import quantity_of_kind
from calculators.logs.usage_questions import NegativeRows

TableShape = Literal["columns", "metrics", "items"]
"""columns: a column each for input, output and so on; metrics: columns named as metrics, to be told by their words; items:
one row an item (metric, SKU, usage type) with its amount."""
InputIs = Literal["all", "uncached", "unsure"]
"""What a plain column of input tokens holds."""


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
    is_undated: bool = False
    """Whether the rows have no times: sums over a period that the user tells."""
    is_running: bool = False
    """Whether the user told that each row is the total so far."""
    leaves_reasoning_out: bool | None = None
    """Whether reasoning is to be added to the output, where the user told."""
    negatives: NegativeRows | None = None
    """What negative rows without a reason are, where the user told."""

    @property
    def has_money_rows(self) -> bool:
        """Whether a row may be money that is no charge for use."""
        return bool(self.spend)


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
    _format(
        *(
            "AWS costs and usage by group",
            "timeperiodstart keys",
            "metricsunblendedcostamount metricsblendedcostamount",
        ),
        shape="items",
        input_is="uncached",
        item=("keys",),
        amount=("metricsusagequantityamount",),
        unit=("metricsusagequantityunit",),
        spend=("metricsunblendedcostamount", "metricsamortizedcostamount", "metricsblendedcostamount"),
        default_scale=1e3,
        about=("keys",),
        seller="aws",
    ),
    _format(
        *("Google Cloud metrics", "starttime metrictype", "valueint64value valuedoublevalue"),
        shape="items",
        item=("metriclabelstype", "metrictype"),
        amount=("valueint64value", "valuedoublevalue"),
        spend=(),
        seller="google",
    ),
    _format("what the counters of a server stood at", "standingcounter", is_undated=True),
    _format("what the counters of a server grew by between the files", "counterdifference", is_undated=True),
    _format("counters of a server", "prometheuscounter"),
    _format("an OpenAI usage export", "starttime endtime starttimeiso endtimeiso"),
)
METRIC_COLUMNS = re.compile("processedprompttokens|generated(completion)?tokens.*(sum|total)|azureopenairequests")
METRIC_TABLE = AggregateFormat("Azure Monitor metrics", frozenset(), shape="metrics", spend=(), seller="azure")
NAMED_METRICS = AggregateFormat(
    "a table of metrics by period", frozenset(), shape="metrics", spend=(), input_is="unsure"
)
PLAIN = AggregateFormat("a table of usage by period", frozenset(), input_is="unsure", spend=(*SPEND, "amount"))
UNDATED = AggregateFormat(
    "a table of usage in one sum", frozenset(), input_is="unsure", spend=PLAIN.spend, is_undated=True
)
KIND_ROWS = AggregateFormat("a table with a row for each kind of token", frozenset(), shape="items", input_is="unsure")


def known_format(names: frozenset[str]) -> AggregateFormat | None:
    """The export that has these names; None when they name none."""
    for entry in AGGREGATE_FORMATS:
        if entry.needed <= names and (not entry.any_of or entry.any_of & names):
            return entry
    if any(METRIC_COLUMNS.search(name) for name in names) and names & set(START):
        return METRIC_TABLE
    return None


def may_be_undated(names: frozenset[str]) -> bool:
    """Whether a table with these names may be sums over one period: models or others with requests, input and output, no time."""

    def has(quantity: str) -> bool:
        return any(name in names for group in COLUMNS[quantity] for name in group)

    return has("requests") and (has("input") or has("uncached")) and has("output") and not names & {*START, *END}


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
            spend = tuple(name for name in KIND_ROWS.spend if name in names)
            return replace(KIND_ROWS, item=(kind,), amount=(amount,), spend=spend)
    return None
