"""What a source publishes: token prices and rents as records of the data files, with what nobody should take on trust."""

from dataclasses import dataclass

from calculators.catalog.base import Source
from calculators.catalog.prices import ApiPrice, Rent


@dataclass(frozen=True, slots=True)
class PublishedTokens:
    """Prices of one model at one seller: now, and from each announced day on."""

    provider: str
    model: str
    prices: tuple[ApiPrice, ...] = ()
    """By day, ascending; the first holds on the day of the release. None could be read where there is none."""
    context_tok: int | None = None
    problem: str = ""
    """Why the price cannot be right or cannot be written; empty where nothing is wrong with it by itself."""

    @property
    def name(self) -> str:
        """Seller and model, as `--accept` takes it."""
        return f"{self.provider}/{self.model}"


@dataclass(frozen=True, slots=True)
class PublishedRent:
    """The rent of one machine."""

    provider: str
    provider_name: str
    rent: Rent

    @property
    def name(self) -> str:
        """Provider, machine, region and term, as `--accept` takes it."""
        rent = self.rent
        machine = rent.instance or f"{rent.gpus_per_instance}x {rent.gpu}"
        return "/".join((self.provider, machine, rent.region or "any region", rent.commitment))


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A price that is not written, since a person has to look at it."""

    name: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Publication:
    """Everything read from one package or file."""

    key: str
    """Under which the data files name it as a source."""
    source: Source
    tokens: tuple[PublishedTokens, ...] = ()
    rents: tuple[PublishedRent, ...] = ()
    held: tuple[HeldBack, ...] = ()


USD_PER_MTOK_BOUNDS = (0.001, 1_000.0)
"""Between these a price per million tokens is plausible: outside, the unit is another one."""
USD_PER_GPU_H_BOUNDS = (0.05, 60.0)
"""The same for the rent of one GPU for an hour."""


def token_problem(price: ApiPrice) -> str:
    """Why a token price cannot be one in USD per million tokens; empty where it can."""
    least, most = USD_PER_MTOK_BOUNDS
    for prices in (price, *price.tiers):
        if not prices.input_usd_per_mtok or not prices.output_usd_per_mtok:
            return "a price of zero: free tiers guarantee nothing"
        for usd in (prices.input_usd_per_mtok, prices.output_usd_per_mtok):
            if not least <= usd <= most:
                return f"${usd:,.6g} per million tokens is no plausible price: is the unit another one?"
    return ""


def rent_problem(usd_per_gpu_h: float) -> str:
    """Why a rent cannot be one in USD per GPU-hour; empty where it can."""
    least, most = USD_PER_GPU_H_BOUNDS
    if least <= usd_per_gpu_h <= most:
        return ""
    return f"${usd_per_gpu_h:,.6g} per GPU-hour is no plausible rent: is it per machine, per month or another currency?"
