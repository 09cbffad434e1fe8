"""Whether what is priced is also what a requirement allows: an operator may confine processing to the EU, but not in the
region, or by the product, that a price is for. Such a product has no price that counts."""

import re
from collections.abc import Iterable

from calculators.catalog.compliance_rules import FactName, Operator, Requirement, Resale

PLACES: tuple[tuple[str, str], ...] = (
    # first match wins; names of regions in the rent tables
    ("gov", r"gov"),
    ("us", r"^us|usa|eastus|westus|ashburn"),
    ("eu", r"^eu|^fin|europe|poland|france|germany|nether|sweden|spain|italy"),
    ("ca", r"canada"),
    ("uk", r"^uk|london|britain"),
    ("jp", r"japan|tokyo"),
    ("in", r"india|mumbai"),
    ("au", r"australia|sydney"),
)
GOVERNMENT: frozenset[FactName] = frozenset({"fedramp_high", "itar", "il5_cmmc"})


def jurisdiction(region: str | None) -> str | None:
    """Where a region is; None: not stated, or the customer picks."""
    return next((name for name, pattern in PLACES if re.search(pattern, (region or "").lower())), None)


def required_facts(requirements: Iterable[Requirement]) -> frozenset[FactName]:
    """Everything an operator must offer."""
    return frozenset(fact for r in requirements for fact in r.facts)


def is_regional(needed: Iterable[FactName]) -> bool:
    """Whether processing is confined to somewhere."""
    return any(fact.startswith("processing_") for fact in needed)


def machine_meets_residency(is_owned: bool, region: str | None, needed: frozenset[FactName]) -> bool:
    """Whether a machine's region satisfies the required facts: government requirements need a government region, residency
    needs a region in that jurisdiction. Unknown regions and purchased servers pass."""
    if is_owned:
        return True
    where = jurisdiction(region)
    if needed & GOVERNMENT and where != "gov":
        return False
    wanted = {fact.removeprefix("processing_") for fact in needed if fact.startswith("processing_")}
    return not wanted or where is None or (wanted == {where} or (where == "gov" and wanted == {"us"}))


def product_meets_residency(
    kind: str, model: str, seller_id: str, operator: Operator, needed: frozenset[FactName], resales: Iterable[Resale]
) -> bool:
    """A maker's plain endpoint is not its regional one where that has a price of its own, nor is a model that says
    "global"; and what is offered on request only, as a place or a government service, is not sold at the list price."""
    if kind == "resold_api":
        return True
    own_region = any(r.provider == r.operator == seller_id for r in resales)
    if is_regional(needed) and kind != "hosted_open" and (own_region or "global." in model):
        return False
    special = [f for f in needed if f in GOVERNMENT or f.startswith("processing_")]
    asked = [f for f in special if f in operator.facts and operator.facts[f].value == "on_request"]
    return not asked or (own_region and not needed & GOVERNMENT)
