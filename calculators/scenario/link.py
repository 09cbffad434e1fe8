"""A scenario as the text of a link, and back."""

import base64
import binascii
import json
import zlib
from typing import Any

from calculators.errors import DataError
from calculators.scenario.schema import Scenario, parse_scenario

MAX_TOKEN_CHARS = 20_000
MAX_TOKEN_BYTES = 200_000


def to_token(scenario: Scenario, digest: str) -> str:
    """URL-safe text of a scenario, with the digest of the data files it was evaluated with."""
    body = {"d": digest, "s": scenario.model_dump(mode="json", exclude_defaults=False)}
    packed = zlib.compress(json.dumps(body, separators=(",", ":"), sort_keys=True).encode(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def from_token(token: str) -> tuple[Scenario, str]:
    """The scenario of a link, and the digest of the data files it was evaluated with. Raises DataError with a remedy."""
    remedy = "Ask for the link again, or start from the values below."
    if len(token) > MAX_TOKEN_CHARS:
        raise DataError(f"This link is longer than any this app makes, so it was not read. {remedy}")
    try:
        packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        inflater = zlib.decompressobj()
        text = inflater.decompress(packed, MAX_TOKEN_BYTES)
        if inflater.unconsumed_tail or not inflater.eof:
            raise ValueError("cut off or too long")
        body: Any = json.loads(text)
        return parse_scenario(body["s"]), str(body["d"])[:12]
    except DataError as error:
        raise DataError(f"This link holds a value the app cannot use. {error} {remedy}") from None
    except (ValueError, KeyError, TypeError, binascii.Error, zlib.error, RecursionError):
        raise DataError(f"This link is damaged or cut off, so it was not read. {remedy}") from None
