"""Words by which a cell says that a request failed, in several languages, and yes and no. Only tables and one pattern.

All in lower case; a pattern is searched within the cell, so that "abgebrochen (Zeitlimit)" counts.
"""

YES_WORDS = ("true", "1", "1.0", "t", "yes", "y", "ja", "oui", "si", "sí", "sì", "sim", "tak", "是", "はい", "예")
NO_WORDS = (
    *("false", "0", "0.0", "f", "no", "n", "nein", "non", "nee", "não", "nao", "nej", "nie"),
    *("falsch", "faux", "falso", "否", "いいえ", "아니오"),
)
NO_ERROR_WORDS = (
    *NO_WORDS,
    *("200", "{}", "[]", "ok", "success", "no error", '""', "null", "none", "nan", "undefined"),
    *("keine", "keiner", "kein", "aucun", "aucune", "ninguno", "nessuno", "nenhum", "geen", "brak", "inga", "ingen"),
    *("无", "無", "なし", "없음"),
)
"""An error column that holds one of them tells of no error."""
_FAILED_OF = {
    "English": r"fail|error|cancel|abort|time.?out|timed|throttl|reject|denied|exception|refus|unsuccess|overload"
    r"|unavailable|exhaust|exceeded|unauth|unauthorized|rate.?limit|forbidden|too many|blocked|declined|interrupted|crash"
    r"|^(nok|ko|false|no|bad|killed|4xx|5xx)$|not.?ok",
    "German": r"fehler|fehlgeschlagen|fehlschlag|gescheitert|misslungen|abbruch|abgebrochen|abgelehnt|abgewiesen|verweigert"
    r"|blockiert|storniert|zeit.?(limit|überschreitung|ueberschreitung)|nicht erfolgreich",
    "French": r"[eé]chec|[eé]chou|erreur|annul|rejet|interromp|abandonn|bloqu|expir|d[eé]lai",
    "Spanish": r"fall[oóiaí]|rechaz|agotado|denegad|bloquead|anulad|interrumpid|sin [eé]xito",
    "Italian": r"errore|annullat|rifiutat|respint|negat[oa]|scadut|interrott|bloccat|non riuscit",
    "Portuguese": r"falh|erro|rejeitad|recusad|negad[oa]|expirad|esgotado|interrompid|sem sucesso",
    "Dutch": r"mislukt|fout|geannuleerd|afgebroken|afgewezen|geweigerd|geblokkeerd|onderbroken|verlopen|niet gelukt",
    "Polish": r"b[łl][ąa]d|niepowodz|nieudan|nie powiod|anulowan|odrzucon|przerwan|przekroczon|zablokowan|odmow",
    "Swedish, Danish, Norwegian": r"misslyck|mislyk|(^|\W)fel($|\W)|feil|fejl|avbr[uo]t|afbrud|nekad|avvis|afvist"
    r"|blockerad|tidsgräns",
    "Chinese": "失败|失敗|错误|錯誤|取消|超时|超時|逾时|逾時|异常|異常|拒绝|拒絕|中断|中斷|中止|终止|終止|限流|未成功",
    "Japanese": "エラー|キャンセル|タイムアウト|時間切れ|拒否|例外|ブロック",
    "Korean": "실패|오류|에러|취소|시간 ?초과|거부|거절|중단",
    "Russian": "ошибк|сбой|неудач|отмен|отклон|прерван|тайм-?аут",
    "signs": "❌|✗|✘|🔴",
}
FAILED_PATTERN = "|".join(_FAILED_OF.values())
