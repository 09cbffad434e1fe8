"""Records of pricing_data/compliance: requirements, and facts about operators."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, model_validator

from calculators.catalog.base import Id, Record, Sourced, SourcedFile

PathKind = Literal[
    "direct_api", "resold_api", "government_cloud", "hosted_open", "dedicated", "rented_gpus", "own_hardware"
]
FactAnswer = Literal["yes", "on_request", "partly", "no"]
"""partly: with exceptions that a strict contract would not accept, so the operator must be asked."""
FactName = Literal[
    "baa",
    "zero_retention",
    "dpa",
    "processing_eu",
    "processing_us",
    "processing_uk",
    "processing_ca",
    "processing_jp",
    "processing_in",
    "processing_au",
    "soc2",
    "iso27001",
    "pci_dss",
    "hds",
    "c5",
    "fedramp_moderate",
    "fedramp_high",
    "itar",
    "il5_cmmc",
]
OWN = "own-hardware"
ASK_AGAIN_DAYS = 365
"""A fact about an operator is asked again so many days after the day it held, a certificate when it expires."""
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]

# --- pricing_data/compliance/operators.yaml ----------------------------------------------------------------------


class Fact(Sourced):
    """A compliance fact about an operator. A fact that is not listed is unknown: ask the vendor."""

    value: FactAnswer
    note: str | None = None
    """Under which condition."""
    expires: date | None = None
    """Last day of the certificate or authorization, where it is known."""


class UsEstablishment(Sourced):
    """Whether the operator has a company, an office or servers in the United States, so that US courts can reach it."""

    value: Literal["yes", "no"]


class Owner(Sourced):
    """The country whose law binds the company that ultimately controls the operator."""

    country: Country
    us_establishment: UsEstablishment | None = None
    """Of an operator controlled from elsewhere; None: unknown."""


class Operator(Record):
    """An outside party that would see the prompts on one kind of path. A company on two kinds of path has two records."""

    id: Annotated[str, Field(max_length=64)]
    """As in the price tables of that path."""
    name: str
    path: PathKind
    owner: Owner | None = None
    facts: dict[FactName, Fact] = Field(default_factory=dict)


class Resale(Sourced):
    """A cloud that sells another company's closed model under its own contract and in its own regions."""

    provider: str
    """Whose model."""
    operator: str
    price_ratio: Annotated[float, Field(ge=0.5, le=3)] | None
    """Over the maker's own list price; null: not published, ask."""
    regional_price_ratio: Annotated[float, Field(ge=0.5, le=3)] | None
    """The same where processing must stay in a region."""
    note: str | None = None


class Operators(SourcedFile):
    """Records of operators.yaml: operators by kind of path, and who resells which closed models."""

    operators: tuple[Operator, ...] = Field(min_length=1)
    resales: tuple[Resale, ...] = ()

    @cached_property
    def by_path(self) -> dict[tuple[str, str], Operator]:
        """By kind of path and id."""
        return {(o.path, o.id): o for o in self.operators}

    def ask_again_after(self, known: Fact | Owner | UsEstablishment) -> date:
        """Last day on which a fact counts: its expiry, or a year after the day it held at its source."""
        expires = known.expires if isinstance(known, Fact) else None
        return expires or self.sources[known.source].accessed + timedelta(days=ASK_AGAIN_DAYS)

    @model_validator(mode="after")
    def _distinct(self) -> "Operators":
        keys = [(o.path, o.id) for o in self.operators]
        twice = sorted({f"{path} {id}" for path, id in keys if keys.count((path, id)) > 1})
        if twice:
            raise ValueError(f"operators: listed twice on one path: {', '.join(twice)}; keep one")
        known = {o.id for o in self.operators}
        lost = sorted({r.operator for r in self.resales} - known)
        if lost:
            raise ValueError(f"resales: no operator {', '.join(lost)}; add it to operators")
        return self


# --- pricing_data/compliance/requirements.yaml -------------------------------------------------------------------


class Requirement(Sourced):
    """A compliance requirement, as conditions that every operator on a path must meet."""

    id: Id
    group: Literal["data", "regime", "clause", "residency", "attestation"]
    name: str
    meaning: str
    """One sentence a security officer would sign."""
    implies: tuple[Id, ...] = ()
    """Other requirements that come with it."""
    facts: tuple[FactName, ...] = ()
    """What every operator on the path must offer."""
    owner_countries: tuple[Country, ...] = ()
    """Countries whose law may bind the operator; empty: any. An operator that US courts can reach must be asked too."""
    paths: tuple[PathKind, ...] = ()
    """Kinds of path that it allows; empty: all."""
    exempt_paths: tuple[PathKind, ...] = ()
    """Kinds of path that meet it by design."""
    yours: str
    """What remains the user's responsibility on purchased hardware."""


class Requirements(SourcedFile):
    """Records of requirements.yaml, and the words of each fact that a requirement asks for."""

    requirements: tuple[Requirement, ...] = Field(min_length=1)
    fact_words: dict[FactName, str]
    """Each fact as words that follow 'needs'."""
    shown_by: Mapping[FactName, tuple[FactName, ...]] = {}
    """Facts that are shown by a stricter one as well."""

    @cached_property
    def by_id(self) -> dict[str, Requirement]:
        return {r.id: r for r in self.requirements}

    @model_validator(mode="after")
    def _known(self) -> "Requirements":
        ids = [r.id for r in self.requirements]
        if len(set(ids)) != len(ids):
            raise ValueError("requirements: an id is there twice; keep one")
        lost = sorted({i for r in self.requirements for i in r.implies} - set(ids))
        if lost:
            raise ValueError(f"requirements: implies names no requirement: {', '.join(lost)}")
        wordless = sorted({f for r in self.requirements for f in r.facts} - set(self.fact_words))
        if wordless:
            raise ValueError(f"fact_words: no words for {', '.join(wordless)}; add them")
        return self
