"""Words of column names in several languages: what they are in English, and what each adds to the meaning. Only tables."""

from collections.abc import Mapping


def _by_word(words_of_meaning: Mapping[str, str]) -> dict[str, str]:
    return {word: meaning for meaning, words in words_of_meaning.items() for word in words.split()}


STEMS: Mapping[str, str] = _by_word(
    {
        "time": "zeitstempel zeitpunkt uhrzeit horodatage tijdstip tidpunkt 日時 時刻 时间 時間 일시 시간",
        "date": "datum fecha 日付 日期 날짜",
        "input": "eingabe eingang d'entree entree entrada ingresso invoer wejscio indata 入力 输入 輸入 입력",
        "output": "ausgabe ausgang sortie salida saida uscita uitvoer wyjscio utdata 出力 输出 輸出 출력",
        "cached": "zwischengespeichert gecacht キャッシュ 缓存 快取 캐시",
        "write": "schreiben ecriture escritura 書き込み 写入",
        "read": "lesen lecture lectura 読み取り 读取",
        "hit": "命中 ヒット",
        "requests": "anfrage aufruf requete solicitud solicitac peticion richiest verzoek requisic リクエスト 请求 請求 调用 呼び出し 요청",
        "tokens": "jetons jeton トークン 令牌 토큰",
        "model": "modell modele modelo modello モデル 模型 모델",
        "cost": "kosten costo coste custo cout コスト 料金 費用 费用 金额 金額 비용",
        "status": "statut estado stato ergebnis resultat resultado risultato resultaat wynik situac zustand toestand tillstand"
        " utfall ステータス 状态 狀態 状態 结果 結果 상태 결과",
        "error": "fehler fehlschlag erreur foutmeld foutcode felmeddel felkod bład エラー 错误 錯誤 오류",
        "success": "erfolg reussi sucesso geslaagd lyckad 成功",
        "reasoning": "denkschritte raisonnement razonamiento 推論 推理",
        "without": "ohne sans hors",
        "count": "次数",
    }
)
"""Stems of other languages, without accents; long enough to occur in no English name."""
FOREIGN_WORDS: Mapping[str, str] = _by_word(
    {
        "time": "heure hora zeit tijd ora czas tid",
        "count": "数",
        "without": "sin",
        "of": "davon dont waarvan varav cui tym 其中 うち",
        "status": "etat esito uitkomst stan",
        "error": "erro errore errori fout fel",
        "tokens": "tokeny tokenow",
        "success": "succes exito sukces",
        "from": "aus dans dem der den di w z",
        "month": "monat",
        "currency": "wahrung devise moneda valuta moeda",
        "tag": "tag",
        "day": "jour",
    }
)
"""Short words of other languages, whole ones only."""
FOREIGN_MONTHS: Mapping[str, str] = _by_word(
    {
        "January": "januar janner janvier enero gennaio januari janeiro",
        "February": "februar fevrier février febrero febbraio februari fevereiro",
        "March": "märz maerz mars marzo maart março",
        "April": "avril abril aprile",
        "May": "mai mayo maggio mei maio",
        "June": "juni juin junio giugno junho",
        "July": "juli juillet julio luglio julho",
        "August": "août aout agosto augustus",
        "September": "septembre septiembre settembre setembro",
        "October": "oktober octobre octubre ottobre outubro okt",
        "November": "novembre noviembre novembro",
        "December": "dezember décembre diciembre dicembre dezembro dez",
    }
)
"""Months of other languages."""
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
        "from",
        "and",
    ]
)
INPUT_WORDS = frozenset(
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
OUTPUT_WORDS = frozenset(
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
TIME_WORDS = frozenset(
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
CURRENCY_CODES: Mapping[str, str] = {
    **{
        code: code.upper()
        for code in (
            *("usd", "eur", "gbp", "jpy", "cny", "inr", "krw", "brl", "aud", "cad", "chf", "sek", "nok", "dkk", "pln"),
            *("czk", "huf", "sgd", "hkd", "mxn", "zar", "ils", "nzd", "thb", "idr", "twd", "aed"),
        )
    },
    **dict.fromkeys(("dollar", "dollars"), "USD"),
    **dict.fromkeys(("euro", "euros"), "EUR"),
    **dict.fromkeys(("rmb", "yuan"), "CNY"),
    **{"yen": "JPY", "pounds": "GBP", "rupees": "INR"},
}
"""The code of a currency by the word for it."""
CURRENCY_SIGNS: Mapping[str, str] = {
    **dict.fromkeys(("US$", "US $", "$"), "USD"),
    **{"€": "EUR", "£": "GBP", "¥": "JPY", "￥": "CNY", "元": "CNY", "円": "JPY", "₹": "INR", "₩": "KRW", "R$": "BRL"},
    **{"A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "S$": "SGD", "HK$": "HKD", "NZ$": "NZD", "MX$": "MXN"},
    **{"NT$": "TWD", "zł": "PLN", "Kč": "CZK", "₪": "ILS", "kr": "SEK", "Fr.": "CHF"},
}
MINOR_UNITS: Mapping[str, float] = {
    **dict.fromkeys(("cent", "cents"), 0.01),
    **dict.fromkeys(("micro", "micros", "microdollar", "microdollars", "microusd", "microcurrency"), 1e-6),
    **dict.fromkeys(("millicent", "millicents"), 1e-5),
    **dict.fromkeys(("nano", "nanos", "nanodollars", "nanousd"), 1e-9),
}
"""Of a currency in one of them."""
CURRENCIES = frozenset([*CURRENCY_CODES, *MINOR_UNITS, "us", "in"])
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
    ["status", "outcome", "result", "severity", "level", "disposition", "termination", "state", "verdict", "decision"]
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
