"""Checks that a priced product meets the residency requirement. An operator may offer EU processing in general while the
listed price is for another region; that price is then ignored."""

import re
from collections.abc import Iterable

from calculators.catalog.compliance_rules import FactName, Operator, Requirement, Resale

JURISDICTIONS: tuple[tuple[str, str], ...] = (
    # first match wins; region names of the rental price tables
    ("gov", r"gov"),
    ("us", r"^us|usa|eastus|westus|ashburn"),
    ("eu", r"^eu|^fin|europe|poland|france|germany|nether|sweden|spain|italy"),
    ("ca", r"canada"),
    ("uk", r"^uk|london|britain"),
    ("jp", r"japan|tokyo"),
    ("in", r"india|mumbai"),
    ("au", r"australia|sydney"),
)
GOVERNMENT: frozenset[FactName] = frozenset({"fedramp_moderate", "fedramp_high", "itar", "il5_cmmc"})


def jurisdiction(region: str | None) -> str | None:
    """Jurisdiction of a region; None where the region is not stated or the customer picks it."""
    return next((name for name, pattern in JURISDICTIONS if re.search(pattern, (region or "").lower())), None)


def required_facts(requirements: Iterable[Requirement]) -> frozenset[FactName]:
    """Facts that the requirements need of an operator."""
    return frozenset(fact for r in requirements for fact in r.facts)


def is_regional(needed: Iterable[FactName]) -> bool:
    """Whether the facts confine processing to a jurisdiction."""
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
    """Whether the product behind a list price satisfies the required facts.

    A provider's default endpoint does not meet residency where its regional endpoint has a price of its own, nor does a
    model sold as "global". Residency or government service on request is not sold at the list price.
    """
    if needed & GOVERNMENT and {operator.facts[f].value for f in GOVERNMENT & set(operator.facts)} == {"on_request"}:
        return False
    if kind == "resold_api":
        return True
    own_region = any(r.provider == r.operator == seller_id for r in resales)
    is_default_endpoint = own_region and kind != "step_down"  # a step-down is priced on the regional endpoint
    if is_regional(needed) and kind != "hosted_open" and (is_default_endpoint or "global." in model):
        return False
    regional = [f for f in needed if f.startswith("processing_") and f in operator.facts]
    return (own_region and not needed & GOVERNMENT) or all(operator.facts[f].value != "on_request" for f in regional)
