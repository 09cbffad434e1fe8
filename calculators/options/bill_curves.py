"""Cost of the API options over inputs that vary, and of those that route easy requests to a small model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calculators.api.bill import ApiBill
from calculators.fleet.base_load import OverflowPrices
from calculators.options.commitment import committed_spend
from calculators.options.curve_points import Points, tiled
from calculators.options.month_path import MonthPath
from calculators.options.option import Option
from calculators.options.routing import cheapest_of_each_kind, easy_frac, routed_option, routed_pairs
from calculators.scenario.committed_spend import NOTHING_COMMITTED, CommittedSpend, used_by_both
from calculators.scenario.demand import Array
from calculators.scenario.inputs import Inputs


@dataclass(frozen=True, slots=True)
class BillCurves:
    """What the costs of the allowed API options are made of."""

    buys: tuple[Option, ...]
    """The API options, those that route easy requests to a small model last."""
    sold: tuple[Option, ...]
    """What these buy: the API options that do not route, then the small models."""
    today: Option
    """Today's API, one of the buys or not."""
    routes: tuple[tuple[int, int], ...]
    """Of each that routes: the positions in `sold` of what answers the hard requests and of the small model."""
    inputs: Inputs

    @classmethod
    def of(cls, buys: Sequence[Option], today: Option, easy: Sequence[Option], inputs: Inputs) -> "BillCurves":
        """The curves of API options that compliance allows; `easy`: small models for easy requests."""
        small, frac, volume = cheapest_of_each_kind(easy), easy_frac(inputs), inputs.demand.requests_per_month
        pairs, sold = routed_pairs(buys, small), (*buys, *small)
        at = {id(option): place for place, option in enumerate(sold)}
        return cls(
            buys=(*buys, *(routed_option(hard, one, frac, volume) for hard, one in pairs)),
            sold=sold,
            today=today,
            routes=tuple((at[id(hard)], at[id(one)]) for hard, one in pairs),
            inputs=inputs,
        )

    @property
    def unrouted(self) -> tuple[Option, ...]:
        """The API options that do not route."""
        return self.buys[: len(self.buys) - len(self.routes)]

    @property
    def routed(self) -> tuple[Option, ...]:
        """The API options that route easy requests to a small model."""
        return self.buys[len(self.buys) - len(self.routes) :]

    @property
    def small(self) -> tuple[Option, ...]:
        """The small models, each as if it answered everything."""
        return self.sold[len(self.buys) - len(self.routes) :]

    def buys_usd(self, at: Points, path: MonthPath) -> Array:
        """(b, t)."""
        if not self.buys:
            return np.zeros((0, at.requests_per_month.size))
        lasts, sold_usd = self.lasts_ratio(at, path), self.bills_usd(at, path)
        bills = zip(self.unrouted, sold_usd, strict=False)
        rows = [_usd_at_bill(option, bill, option.committed, lasts) for option, bill in bills]
        for option, (hard, easy) in zip(self.routed, self.routes, strict=True):
            hard_usd, easy_usd = sold_usd[hard] * (1 - at.easy_frac), sold_usd[easy] * at.easy_frac
            used = used_by_both(self.sold[hard].committed, self.sold[easy].committed, hard_usd, easy_usd)
            rows.append(_usd_at_bill(option, hard_usd + easy_usd, used, lasts))
        return np.array(rows)

    def bills_usd(self, at: Points, path: MonthPath) -> Array:
        """Bill of each of `sold` (p, t), as if it answered everything."""
        return np.array([_bill_at(option, at) for option in self.sold]) * tiled(path.bill_ratio, at)

    def todays_usd(self, at: Points, path: MonthPath) -> Array:
        """Cost of today's API (t,), whether or not it is an option."""
        bill = _bill_at(self.today, at) * tiled(path.todays_ratio[None], at)[0]
        return _usd_at_bill(self.today, bill, self.today.committed, self.lasts_ratio(at, path))

    def lasts_ratio(self, at: Points, path: MonthPath) -> Array:
        """Committed spend in each of monthly points (t x months,) over its mean over the horizon, as of
        `CommittedSpend.paid_ratio`; ones where the months are not told apart."""
        months, committed = path.months, committed_spend(self.inputs)
        ratios = np.ones(1) if months == 1 or committed is NOTHING_COMMITTED else committed.paid_ratio(months)
        return np.tile(ratios, at.requests_per_month.size // ratios.size)

    def overflow_prices(self, at: Points, path: MonthPath, buys_usd: Array) -> Iterator[tuple[Array, OverflowPrices]]:
        """What all requests would cost as the overflow of a fleet: at the cheapest option that does not route, and at that with
        each small model for the easy ones, each with what is paid besides the bill (t,). `buys_usd`: as of `buys_usd`."""
        lasts, sold_usd = self.lasts_ratio(at, path), self.bills_usd(at, path)
        best = np.argmin(buys_usd[: len(self.unrouted)], axis=0)
        each = np.arange(best.size)

        def prices(options: Sequence[Option], chosen: NDArray[np.intp], bills_usd: Array) -> OverflowPrices:
            unbatched, saving = _overflow_rates(options)[:, chosen] * bills_usd[chosen, each]
            used = np.array([option.committed.bill_frac for option in options])[chosen]
            committed = replace(options[0].committed, bill_frac=used, month_ratio=lasts)
            return OverflowPrices(unbatched, saving, at.easy_frac, committed)

        plain = prices(self.unrouted, best, sold_usd)
        fixed = np.array([option.fixed_usd_per_month for option in self.unrouted])[best]
        yield fixed, plain
        for place, small in enumerate(self.small):
            beside = prices(self.small, np.full(best.size, place), sold_usd[len(self.unrouted) :])
            is_routed = np.where(at.easy_frac > 0, small.fixed_usd_per_month, np.inf)
            yield fixed + is_routed, replace(plain, small=beside)


def _overflow_rates(options: Sequence[Option]) -> Array:
    """Bill without the batch API, and what batch would save on all requests, over the bill of each option (2, b)."""
    bills = [_bill(option) for option in options]
    paid = np.array([max(bill.usd_per_month, 1e-300) for bill in bills])
    unbatched = np.array([bill.unbatched_usd_per_month for bill in bills]) / paid
    return np.array([unbatched, np.array([bill.batch_saving_of_all_usd_per_month for bill in bills]) / paid])


def _bill_at(option: Option, at: Points) -> Array:
    """Bill of an API option at today's date (t,), as if it answered everything."""
    ratio = at.hosted_price_ratio if option.kind == "hosted_open" else at.today_price_ratio
    ratio = ratio * at.bill_ratio if option.kind in ("api_today", "api_optimised") else ratio
    return _bill(option).usd_per_request * ratio * at.requests_per_month


def _usd_at_bill(option: Option, bill_usd: Array, committed: CommittedSpend, lasts: Array) -> Array:
    """Cost of an API option at other bills, a commitment counted in the months in which it lasts."""
    return option.fixed_usd_per_month + bill_usd + committed.unused_usd(bill_usd) * lasts


def _bill(option: Option) -> ApiBill:
    assert option.bill is not None
    return option.bill
