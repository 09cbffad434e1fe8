"""What the words of a column's name mean, for names that no table lists: "# of prompt tokens used", "Eingabe-Token", 入力トークン.

A name is split into words, those of other languages put into English, and words that add nothing left out. What remains must
all belong to one role.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

MAX_NAME_CHARS = 120

# Stems of other languages, without accents; long enough to occur in no English name.
STEMS: Mapping[str, str] = {
    **dict.fromkeys(("zeitstempel", "zeitpunkt", "uhrzeit", "horodatage", "日時", "時刻", "时间", "時間", "일시", "시간"), "time"),
    **dict.fromkeys(("datum", "fecha", "日付", "日期", "날짜"), "date"),
    **dict.fromkeys(("eingabe", "eingang", "d'entree", "entree", "entrada", "ingresso", "invoer", "入力", "输入", "輸入", "입력"), "input"),
    **dict.fromkeys(("ausgabe", "ausgang", "sortie", "salida", "saida", "uscita", "uitvoer", "出力", "输出", "輸出", "출력"), "output"),
    **dict.fromkeys(("zwischengespeichert", "gecacht", "キャッシュ", "缓存", "快取", "캐시"), "cached"),
    **dict.fromkeys(("schreiben", "ecriture", "escritura", "書き込み", "写入"), "write"),
    **dict.fromkeys(("lesen", "lecture", "lectura", "読み取り", "读取", "命中"), "read"),
    **dict.fromkeys(("anfrage", "aufruf", "requete", "solicitud", "solicitac", "peticion", "richiest", "verzoek", "requisic"), "requests"),
    **dict.fromkeys(("リクエスト", "请求", "請求", "调用", "呼び出し", "요청"), "requests"),
    **dict.fromkeys(("jetons", "jeton", "トークン", "令牌", "토큰"), "tokens"),
    **dict.fromkeys(("modell", "modele", "modelo", "modello", "モデル", "模型", "모델"), "model"),
    **dict.fromkeys(("kosten", "costo", "coste", "custo", "cout", "コスト", "料金", "費用", "费用", "金额", "金額", "비용"), "cost"),
    **dict.fromkeys(("statut", "estado", "stato", "ステータス", "状态", "狀態", "상태"), "status"),
    **dict.fromkeys(("fehler", "erreur", "エラー", "错误"), "error"),
    **dict.fromkeys(("denkschritte", "raisonnement", "razonamiento", "推論", "推理"), "reasoning"),
    **dict.fromkeys(("ohne", "sans", "hors"), "without"),
    "次数": "count",
}  # fmt: skip
WHOLE_WORDS: Mapping[str, str] = {"heure": "time", "hora": "time", "zeit": "time", "tijd": "time", "数": "count", "sin": "without",
                                  "davon": "of", "monat": "month", "tag": "tag", "jour": "day"}  # fmt: skip

TOKENS = frozenset(["token", "tokens", "tok", "toks", "tkn", "tkns"])
NOISE = TOKENS | frozenset(
    [
        "count",
        "counts",
        "number",
        "num",
        "n",
        "nb",
        "no",
        "of",
        "the",
        "used",
        "usage",
        "consumed",
        "llm",
        "ai",
        "gen",
        "genai",
        "openai",
        "model",
        "request",
        "total",
        "sum",
        "cumulative",
        "running",
        "utc",
        "gmt",
        "visible",
        "text",
        "azure",
        "open",
        "processed",
        "vllm",
        "request_success",
        "e",
        "y",
        "et",
        "en",
        "de",
        "d",
        "l",
        "a",
        "nr",
        "anzahl",
        "and",
    ]
)
INPUT = frozenset(
    [
        "input",
        "inputs",
        "in",
        "prompt",
        "prompts",
        "context",
        "sent",
        "query",
        "prefill",
        "isl",
        "message",
        "messages",
        "question",
    ]
)
ALONE = frozenset(
    [
        "input",
        "inputs",
        "prompt",
        "prompts",
        "isl",
        "output",
        "outputs",
        "completion",
        "completions",
        "generated",
        "osl",
    ]
)
"""Words that need no "tokens" beside them."""
OUTPUT = frozenset(
    [
        "output",
        "outputs",
        "out",
        "completion",
        "completions",
        "generated",
        "generation",
        "gen",
        "response",
        "answer",
        "received",
        "decode",
        "osl",
        "candidates",
        "reply",
    ]
)
REASONING = frozenset(["reasoning", "thinking", "thoughts", "thought"])
CACHE = frozenset(["cache", "cached", "caching"])
WRITES = frozenset(["write", "writes", "written", "creation", "create", "created", "creating"])
READS = frozenset(["read", "reads", "reading", "hit", "hits", "input", "prompt", "context"])
UNCACHED = frozenset(["uncached", "noncached"])
NOT = frozenset(["without", "non", "no", "not", "miss", "misses", "excluding", "excl", "un"])
REQUESTS = frozenset(["requests", "calls", "queries", "invocations", "completions"])
TIMES = frozenset(
    ["time", "timestamp", "ts", "date", "datetime", "at", "on", "when", "dt", "stamp", "day", "start", "started"]
)
STARTS = frozenset(
    [
        "start",
        "started",
        "begin",
        "began",
        "request",
        "requested",
        "invoked",
        "invocation",
        "sent",
        "arrival",
        "arrived",
        "call",
        "called",
        "received",
    ]
)
ENDS = frozenset(
    [
        "end",
        "ended",
        "finish",
        "finished",
        "completed",
        "complete",
        "done",
        "responded",
        "closed",
        "updated",
        "modified",
        "inserted",
        "ingested",
        "logged",
    ]
)
NO_TIMES = frozenset(
    [
        "duration",
        "latency",
        "elapsed",
        "first",
        "ttft",
        "per",
        "zone",
        "timezone",
        "tz",
        "expires",
        "expiry",
        "out",
        "limit",
        "taken",
        "spent",
        "processing",
        "queue",
        "wait",
        "total",
        "generation",
        "inference",
        "uptime",
        "runtime",
        "response",
        "tokens",
        "token",
        "cost",
        "price",
        "name",
        "id",
        "based",
        "of",
        "age",
        "last",
    ]
)
MONEY = frozenset(["cost", "costs", "price", "spend", "spent", "charge", "charges", "amount", "fee"])
CURRENCIES = frozenset(["usd", "eur", "gbp", "jpy", "dollars", "dollar"])
MAX_OTEL_LEVEL, OTEL_ERROR, PINO_ERROR = 24, 17, 50
"""Severity as a number: OpenTelemetry counts to 24, Bunyan and Pino by tens."""
NO_STATUSES = frozenset(
    [
        "rate",
        "ratio",
        "id",
        "time",
        "at",
        "on",
        "tokens",
        "token",
        "percent",
        "pct",
        "url",
        "name",
        "cost",
        "price",
        "details",
        "limit",
        "budget",
        "history",
        "max",
        "min",
        "avg",
        "timeout",
    ]
)
ERROR_WORDS = frozenset(
    [
        "error",
        "errors",
        "err",
        "errored",
        "exception",
        "exceptions",
        "failure",
        "failures",
        "failed",
        "cancelled",
        "canceled",
        "aborted",
    ]
)
SQUASHED_ERRORS = frozenset(
    [
        "timeout",
        "timedout",
        "errorcode",
        "errortype",
        "errorclass",
        "errormessage",
        "errormsg",
        "errmsg",
        "exceptiontype",
        "exceptionmessage",
        "failurereason",
        "iserror",
        "haserror",
        "isfailed",
        "isfailure",
        "isapierrormessage",
        "errorstr",
    ]
)
GOOD_WORDS = frozenset(["success", "succeeded", "successful", "ok", "valid", "completed", "passed"])
STATUS_WORDS = frozenset(
    ["status", "outcome", "result", "severity", "level", "disposition", "termination", "state", "verdict"]
)
CODE_HOLDERS = frozenset(["http", "exit", "return", "response", "error", "status", "result", "grpc", "upstream"])
SOURCES = frozenset(["source", "provider", "served", "backend", "origin", "upstream", "answered"])
NO_CACHE_FLAGS = (
    TOKENS
    | WRITES
    | frozenset(
        [
            "rate",
            "ratio",
            "key",
            "ttl",
            "percent",
            "pct",
            "cost",
            "savings",
            "saved",
            "control",
            "enabled",
            "id",
            "read",
            "reads",
        ]
    )
)


@lru_cache(8_192)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in lower case and English: "promptTokens" and "Prompt-Tokens" are prompt and tokens."""
    plain = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", unicodedata.normalize("NFKC", name[:MAX_NAME_CHARS]))
    plain = unicodedata.normalize("NFKD", plain).lower()
    plain = unicodedata.normalize(
        "NFC", "".join(char for char in plain if char not in "\u0300\u0301\u0302\u0303\u0308\u0327")
    )
    for stem, word in STEMS.items():
        if stem in plain:
            plain = re.sub(rf"{re.escape(stem)}[a-z]*?(?=tok|[^a-z]|$)", f" {word} ", plain)
    return tuple(WHOLE_WORDS.get(word, word) for word in re.findall(r"[^\W_]+", plain))


def token_role(name: str) -> str | None:
    """The role of a column of tokens by the words of its name: input, uncached, output, cache_read, cache_write or reasoning."""
    words = set(words_of(name))
    rest = words - NOISE
    if words & UNCACHED or (words & CACHE and words & NOT):
        return "uncached" if rest <= UNCACHED | CACHE | NOT | INPUT else None
    if words & CACHE:
        if rest == {"cached"} and "requests" not in words:
            return "cache_read"
        if not words & (TOKENS | WRITES | {"read"}) or not rest <= CACHE | WRITES | READS:
            return None
        return "cache_write" if words & WRITES else "cache_read"
    for role, allowed in (("reasoning", REASONING), ("input", INPUT), ("output", OUTPUT)):
        if rest and rest <= allowed | (OUTPUT if role == "reasoning" else frozenset()) and (rest & allowed):
            return role if words & TOKENS or rest <= ALONE | REASONING else None
    return None


def time_rank(name: str) -> int | None:
    """How well the words of a name name the time of a request: 0 its start, 1 a time, 2 its end; None: no time."""
    words = set(words_of(name))
    if not words & TIMES or words & NO_TIMES:
        return None
    return 2 if words & ENDS else 0 if words & STARTS else 1


def period_name(name: str) -> str | None:
    """ "date", "month" and so on for the period of a row of sums; None: no time."""
    words = words_of(name)
    told = next((word for word in ("month", "week", "hour", "day", "date") if word in words), None)
    return told or ("time" if time_rank(name) is not None else None)


def plain_role(name: str) -> str | None:
    """model, requests, total (of tokens) or cost, by the words of a name."""
    words = set(words_of(name)) - CURRENCIES
    if words and words <= {"model", "name"}:
        return "model"
    if words <= REQUESTS | NOISE | {"success"} and (
        words & REQUESTS or {"request", "count"} <= words or {"request", "success"} <= words
    ):
        return "requests"
    if {"total"} <= words <= NOISE and words & TOKENS:
        return "total"
    return "cost" if words & MONEY and words <= MONEY | {"total"} else None


OFFSET = re.compile(r"(?:UTC|GMT)\s?([+-]\d{1,2}):?(\d\d)?")


def header_offset_s(name: str) -> int:
    """Seconds by which the times of a column such as "Time (UTC+02:00)" are ahead of UTC."""
    match = OFFSET.search(name)
    if match is None:
        return 0
    hours, minutes = int(match.group(1)), int(match.group(2) or 0)
    return (hours * 60 + (minutes if hours >= 0 else -minutes)) * 60


def failure_sign(name: str) -> str | None:
    """What a column says of failures: "error" (filled is bad), "good" (a flag), "code" (0 is good) or "status"; None: nothing."""
    words = set(words_of(name))
    squashed = "".join(words_of(name))
    if squashed in SQUASHED_ERRORS:
        return "error"
    if words & NO_STATUSES:
        return None
    if squashed.removeprefix("is").removeprefix("was") in GOOD_WORDS:
        return "good"
    if words & GOOD_WORDS:
        return "good" if words <= GOOD_WORDS | {"is", "was", "request", "response", "call"} else None
    if words & {"exit", "return"} and "code" in words:
        return "code"
    if words & ERROR_WORDS:
        return "error"
    if words & STATUS_WORDS or ("code" in words and words & CODE_HOLDERS):
        return "status"
    return None


def is_gateway_flag(name: str) -> bool:
    """Whether a name may say that a gateway answered from its own cache; the values tell."""
    words = set(words_of(name))
    return bool(words & (CACHE | SOURCES)) and not words & NO_CACHE_FLAGS


UNIT = re.compile(
    r"(?i)(?:\s*[\(\[]\s*(?:in\s+)?(?:1\s?)?(k|thousands?|tsd\.?|000s?|1,?000s?|m|mn|mio\.?|mm|millions?)\s*(?:tok(?:en)?s?)?\s*[\)\]]"
    r"|[ _](k|thousands?|millions?|m)|\s+in\s+(thousands?|millions?))\s*$"
)


@lru_cache(8_192)
def split_unit(name: str) -> tuple[str, float]:
    """A column of tokens without its unit, and the tokens of one: "Input tokens (k)" counts thousands."""
    match = UNIT.search(name)
    if match is None or not set(words_of(name)) & (TOKENS | INPUT | OUTPUT):
        return name, 1.0
    unit = next(filter(None, match.groups())).lower()
    return name[: match.start()], 1e6 if unit.startswith("m") else 1e3
