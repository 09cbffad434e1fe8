"""Names that exports give to the columns of a request log, in lower case without punctuation. Only tables, no rule."""

from collections.abc import Mapping

ROLES = ("time", "input", "output", "cache_read", "cache_write", "status", "id")
"""What a person can map. `input` is the total input, cached tokens included, unless told otherwise."""
EXTRA_ROLES = ("reasoning", "tool_input", "model", "spend", "currency", "span", "parent", "trace", "session")
"""Found by name only: tokens to add to `output` and to `input`, model and cost of a request, and which span a row is of
which parent, trace and session."""
MARK_ROLES = ("status", "gateway_cache", "kind", "tier")
"""What leaves a row out of the requests, or of the peak. Every column of these names counts, not only the best."""
GROUP_ROLES = ("team", "project", "workspace", "key", "app", "endpoint")
"""By what usage can be split, besides the model. Never users: their names and addresses are not read."""
TOKEN_ROLES = ("input", "output", "cache_read", "cache_write", "reasoning", "tool_input")
# Normalised names, the preferred one first. A dotted column (usage.prompt_tokens) also matches by its tail.
NAMES: Mapping[str, tuple[str, ...]] = {
    "time": (
        *("starttime", "startedat", "requestcreatedat", "requesttime", "requesttimestamp", "requeststartns"),
        *("requeststarttime", "starttimestamp", "arrivaltime", "arrivedat", "timestamp", "eventtime", "loggingtime"),
        *(
            "createdat",
            "created",
            "receivedat",
            "datetime",
            "time",
            "ts",
            "timestampms",
            "timems",
            "times",
            "date",
            "t",
        ),
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
        *(
            "requeststatus",
            "finalstatus",
            "callstatus",
            "resultcode",
            "grpcstatus",
            "grpcstatuscode",
            "grpccode",
            "state",
            "result",
            "level",
            "outcome",
        ),
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
        *("deploymentname", "deployment", "modelversion", "engine", "mainmodel"),
    ),
    "currency": ("currency", "costcurrency", "amountcurrency", "spendcurrency", "billingcurrency", "currencycode"),
    "spend": (
        *("spend", "spendusd", "costusd", "usagecost", "requestcost", "responsecost", "cost"),
        *(
            "totalcostusd",
            "totalcost",
            "costtotal",
            "calculatedtotalcost",
            "price",
            "totalprice",
            "priceusd",
            "amountusd",
            "usd",
            "costindollars",
        ),
    ),
    "span": ("spanid", "contextspanid", "runid", "observationid", "id", "uuid"),
    "trace": ("traceid", "roottraceid", "contexttraceid"),
    "session": ("sessionid", "conversationid", "threadid", "chatid", "rolloutid"),
    "parent": ("parentspanid", "parentrunid", "parentobservationid", "parentid", "parentuuid"),
    "team": (
        *("teamalias", "userapikeyteamalias", "teamname", "team", "department", "squad", "costcenter", "businessunit"),
        *("teamid", "userapikeyteamid"),
    ),
    "project": ("projectname", "project", "projectslug", "projectid"),
    "workspace": ("workspacename", "workspace", "workspaceslug", "workspaceid"),
    "key": (
        *("userapikeyalias", "apikeyalias", "keyalias", "apikeyname", "keyname", "virtualkeyname", "virtualkey"),
        *("apikeyid", "apikey"),
    ),
    "app": ("appname", "applicationname", "application", "app", "servicename", "service", "feature", "usecase"),
    "endpoint": (
        *(
            "endpoint",
            "route",
            "requestpath",
            "urlpath",
            "path",
            "requesturi",
            "uri",
            "requesturl",
            "url",
            "apiendpoint",
        ),
        *("genaioperationname", "operationname", "operation", "calltype", "requesttype"),
    ),
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
        *("task", "tasks", "batch", "tier", "cached", "usd", "price", "engine", "uuid", "exception", "app", "service"),
    }
)
"""Too common to count below any key."""
STATUS_HOLDERS = frozenset(
    {
        *("http", "response", "result", "request", "attributes", "span", "call", "outcome", "metadata", "data"),
        *("status", "usage", "llm", "info", "fullresponse", "tags", "fields"),
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
