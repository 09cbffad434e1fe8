"""Known terms of a seller's self-serve contract that may change the answer: spend caps, prepayment, rate limits."""

from calculators.api.bill import ApiBill
from calculators.catalog.catalog import Catalog
from calculators.units import usd


def seller_terms(bill: ApiBill, catalog: Catalog) -> tuple[str, ...]:
    """Each known term of the sellers of a bill as a sentence with source and day, and whether their part of the bill exceeds
    a spend cap. Empty where no term is known."""
    file, sums, names = catalog.rules_file, dict[str, float](), dict[str, str]()
    for part in bill.parts or (bill,):
        provider = part.offer.provider
        names.setdefault(provider, part.offer.provider_name)
        sums[provider] = sums.get(provider, 0.0) + part.usd_per_month
    sentences = []
    for term in file.terms:
        if term.provider not in names:
            continue
        name, spent_usd, cap = names[term.provider], sums[term.provider], term.max_usd_per_month
        source = file.sources[term.source]
        over = f" {usd(spent_usd)}/month is above that cap." if cap is not None and spent_usd > cap else ""
        sentences.append(f"{name} {term.words} ({source.title}, {source.accessed}).{over}")
    return tuple(sentences)
