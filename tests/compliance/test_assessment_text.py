"""The words of a compliance assessment."""

from signals_by_name import run

from calculators.compliance.assessment import PricedPath
from calculators.compliance.assessment_text import (
    assessment_sentence,
    counts_words,
    path_takeaway,
    premium_sentence,
    price_words,
    relaxation_words,
    shared_condition,
    without_condition,
)
from calculators.compliance.operator_check import OperatorPath
from calculators.units import usd


def test_without_requirements_the_cheapest_option_is_allowed_and_compliance_costs_nothing() -> None:
    assessment = run().assessment
    assert premium_sentence(assessment) == "Compliance costs nothing."
    assert path_takeaway(assessment).startswith("The cheapest option overall is allowed: ")


def test_a_requirement_that_blocks_the_cheapest_has_a_premium() -> None:
    assessment = run(compliance={"requirements": ["air-gap"]}).assessment
    premium = assessment.premium_usd_per_month
    assert premium is not None
    assert premium_sentence(assessment) == f"Compliance costs {usd(premium)}/month."
    assert f"{usd(premium)} more than the cheapest overall" in path_takeaway(assessment)
    assert assessment_sentence(assessment).startswith("1 option confirmed, none to ask, ")
    [relaxation] = assessment.relaxations
    assert relaxation_words(relaxation) == f"{relaxation.label}, {usd(relaxation.usd_per_month or 0.0)}/month"


def test_none_of_a_status_is_a_word() -> None:
    assert counts_words(0, 1, 0) == "No option confirmed, 1 to ask, none blocked"
    assert counts_words(2, 0, 3) == "2 options confirmed, none to ask, 3 blocked"


def test_one_condition_of_all_reasons_is_said_once() -> None:
    signed = "HIPAA requires a signed agreement"
    reasons = [f"{signed}: offered (form; on request)", "HIPAA: you need safeguards"]
    assert shared_condition(reasons) == signed
    assert [without_condition(reason, signed) for reason in reasons] == [
        "Offered (form; on request)",
        "HIPAA: you need safeguards",
    ]
    assert shared_condition([*reasons, f"{signed}: offered; PCI requires a report: offered"]) == ""


def test_a_path_without_a_price_says_why() -> None:
    path = OperatorPath("direct_api", "one", "One", "allowed", ())
    assert price_words(PricedPath(path, "x", 1_200.0)) == "$1.2k"
    assert price_words(PricedPath(path, "x", None)) == "no public price"
    assert price_words(PricedPath(path, "x", None, barred_by="Other")) == "not without Other"
