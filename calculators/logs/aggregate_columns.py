"""Names of the columns of tables of sums, and what they mean. Only tables.

Names are normalized: lower case, letters and digits only.
"""

from collections.abc import Mapping

START = (
    *("starttimeiso", "starttime", "startingat", "usagedateutc", "lineitemusagestartdate", "usagestarttime"),
    *("chargeperiodstart", "usagestartdate", "windowstart", "bucketstart", "timeutc", "timegeneratedutc"),
    *("timegenerated", "timestamputc", "timestamp", "datetime", "time", "date", "day", "usagedate", "month", "week"),
    *(
        "hour",
        "minute",
        "period",
        "bucket",
        "lastactivity",
        "timestamps",
        "utcdate",
        "startdate",
        "periodstart",
        "from",
    ),
    *(
        "quarter",
        "isoweek",
        "calendarweek",
        "yearweek",
        "kw",
        "weekof",
        "weekstarting",
        "weekstart",
        "billingmonth",
        "year",
        "calendaryear",
    ),
    *("begintimeseconds", "begintime", "timeperiodstart", "fulllabel", "timeseriesid"),
)
END = (
    *("endtimeiso", "endtime", "endingat", "lineitemusageenddate", "usageendtime", "chargeperiodend", "usageenddate"),
    *("windowend", "bucketend", "endtimeseconds", "timeperiodend"),
)
LAST_DAY = ("enddate", "periodend", "end", "endutc", "to", "until")
"""Columns that hold the last day of a period, which belongs to it, or else its end."""
COLUMNS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "requests": tuple(
        (name,)
        for name in (
            *("nummodelrequests", "successfulrequests", "apirequests", "requests", "requestcount", "numrequests"),
            *("totalrequests", "nrequests", "azureopenairequests", "modelrequests", "invocations", "calls"),
            *("callcount", "apicalls", "numcalls", "numberofrequests", "requestscount", "entries", "countobservations"),
            *("totalcalls", "llmcalls", "totalapirequests", "totalapicalls", "count"),
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
    "reasoning": (("reasoningtokens",), ("tokensreasoning",), ("thinkingtokens",), ("thoughtstokens",)),
    "total": (("totaltokens",), ("tokenstotal",), ("totalusage",)),
}
"""For each quantity the columns that may hold it, the first that does; of one entry all are added."""
SPEND = (
    *("amountvalue", "spend", "spendusd", "costusd", "cost", "totalcost", "totalcostusd", "totalspend", "costtotal"),
    *("lineitemunblendedcost", "billedcost", "costinbillingcurrency", "pretaxcost", "costinusd", "netcost"),
)
CURRENCY = (
    *("estimatedcostcurrency", "metricsunblendedcostunit", "metricsamortizedcostunit", "metricsblendedcostunit"),
    *("amountcurrency", "currency", "lineitemcurrencycode", "billingcurrency", "billingcurrencycode"),
)
MODEL = (
    *("modeldeploymentname", "modelname", "model", "modelversion", "modelpermaslug", "modelid", "modelgroup"),
    *("deployment", "deploymentname", "modelsused", "modeluserid", "accountingresourcename", "modelbucket"),
)
PERIODS = frozenset(
    {
        "year",
        "calendaryear",
        "quarter",
        "isoweek",
        "calendarweek",
        "yearweek",
        "kw",
        "weekof",
        "weekstarting",
        "billingmonth",
        "date",
        "day",
        "month",
        "week",
        "usagedate",
        "period",
        "bucket",
        "hour",
        "minute",
        *LAST_DAY,
    }
)
