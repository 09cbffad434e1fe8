"""Known terms of sellers: said with source and day, and where the bill is beyond a spend cap."""

from dataclasses import replace

from support import scenario

from calculators.api.bill import ApiBill
from calculators.api.seller_terms import seller_terms
from calculators.catalog.catalog import Catalog
from calculators.catalog.prices import SellerTerm
from calculators.options.buy import direct_options
from calculators.scenario.inputs import Inputs


def _bill(catalog: Catalog, usd_per_month: float) -> ApiBill:
    bill = direct_options(Inputs.of(scenario(), catalog))[0].bill
    assert bill is not None
    return replace(bill, usd_per_month=usd_per_month)


def _with_terms(catalog: Catalog, cap: float | None) -> Catalog:
    term = SellerTerm(provider="testhost", source="test", confidence="low", words="caps spend", max_usd_per_month=cap)
    source = next(iter(catalog.rules_file.sources.values()))
    rules = catalog.rules_file.model_copy(update={"terms": (term,), "sources": {"test": source}})
    return replace(catalog, rules_file=rules)


def test_a_term_is_said_with_its_source_and_a_cap_only_where_the_bill_is_beyond_it(catalog: Catalog) -> None:
    known = _with_terms(catalog, 5_000)
    [within] = seller_terms(_bill(known, 5_000), known)
    assert within.startswith("Test Host caps spend (")
    assert "above that cap" not in within
    [beyond] = seller_terms(_bill(known, 11_000), known)
    assert beyond.endswith("$11k/month is above that cap.")
    uncapped = _with_terms(catalog, None)
    assert "above that cap" not in seller_terms(_bill(uncapped, 1e9), uncapped)[0]


def test_a_seller_without_known_terms_has_none(catalog: Catalog) -> None:
    assert seller_terms(_bill(catalog, 100), catalog) == ()


def test_the_live_terms_are_clauses_of_sellers_that_are_sold(live_catalog: Catalog) -> None:
    sellers = {h.provider for m in live_catalog.models.values() for h in m.hosted} | {"openai", "anthropic", "x-ai"}
    terms = live_catalog.rules_file.terms
    assert len(terms) > 10
    assert {term.provider for term in terms} <= sellers
    assert all(term.words[0].islower() and not term.words.endswith(".") for term in terms)
