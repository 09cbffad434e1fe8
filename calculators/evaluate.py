"""The whole calculation, top to bottom: scenario and catalog in, Evaluation out. Pages, command line, report and tests
all call `evaluate`; every intermediate result is kept, so that any number on a page can be traced."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from calculators.api.bill import paid_ratios
from calculators.api.bill_lines import BillLine, bill_lines, paid_words
from calculators.catalog.catalog import Catalog
from calculators.compliance.assessment import ComplianceAssessment
from calculators.decision.caveats import caveats, contract_conditions, growth_note
from calculators.decision.choice import cheapest_option
from calculators.decision.commitment_text import commitment_sentences
from calculators.decision.crossover import Crossover
from calculators.decision.crossover_text import crossover_takeaway
from calculators.decision.curves import Curve, SelfHostCost, cost_curves, crossovers_of, lower_envelope
from calculators.decision.savings import savings_by_month
from calculators.decision.sensitivity import DecisionSensitivity, decision_sensitivity
from calculators.decision.signal_result import Signals
from calculators.decision.signals import exit_signals
from calculators.decision.traffic_doubt import traffic_doubt
from calculators.decision.traffic_doubt_text import doubt_sentences
from calculators.decision.verdict import Verdict, decide
from calculators.decision.verdict_context import TrafficDoubt, VerdictContext, verdict_context
from calculators.decision.verdict_text import TrafficWords, confidence_sentence
from calculators.fleet.rent_gap import RentGap, rent_gap
from calculators.fleet.staircase import Staircase
from calculators.horizon.months import Horizon, horizon_of
from calculators.horizon.outgrown import Outgrown, outgrown
from calculators.options.build import self_host_line
from calculators.options.commitment import committed_spend, parts_with_commitment
from calculators.options.compared_text import compared_notes, passed_over_reason, unproven_saving
from calculators.options.context_window import is_too_short
from calculators.options.cost_curves import OptionCurves
from calculators.options.feasibility import Feasibility, feasibility_matrix
from calculators.options.option import LinearCost, Option, best_build, best_buy
from calculators.options.ranking import (
    Ranking,
    as_ranked,
    curves_of,
    rank_options,
    ranking,
    routed_in,
    without_commitment,
    without_undercut,
)
from calculators.options.remedies import NoFleet, no_fleet
from calculators.options.scenario_check import check_ids, check_search
from calculators.options.shortlist import (
    AllOptions,
    AllowedOptions,
    allowed_options,
    assess_options,
    assessed_as_compared,
    enumerate_options,
)
from calculators.options.speed_range import SpeedBounds, size_at_speed_bounds
from calculators.options.traffic_costs import over_traffic_ranges
from calculators.scenario.committed_spend import NOTHING_COMMITTED
from calculators.scenario.demand import Array, Demand, at_volume, needed_context_tok
from calculators.scenario.gates import answers_all
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario
from calculators.scenario.traffic_range import has_range

MAX_REQUESTS_PER_MONTH = 1e12


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that one scenario means at the prices of one catalog."""

    scenario: Scenario
    digest: str
    demand: Demand
    options: tuple[Option, ...]
    """Today's API first, then the others that are allowed, by cost."""
    set_aside: tuple[Option, ...]
    """API options that are allowed, but miss a latency target that others are not known to miss; ranked behind them."""
    today_allowed: bool
    verdict: Verdict
    assessment: ComplianceAssessment
    signals: Signals
    crossovers: tuple[tuple[Option, Crossover], ...]
    """Self-hosting against each API option."""
    crossover: Crossover
    """Self-hosting against the cheapest API option at each volume."""
    envelope_staircases: tuple[Staircase, ...]
    """Staircases on the lower envelope: the cheapest self-hosted cost at each volume is the minimum over these."""
    build_line: LinearCost
    """What a fleet costs besides machines."""
    feasibility: tuple[Feasibility, ...]
    no_fleet: NoFleet | None
    """Why nothing can be self-hosted, and what would help; None where something can."""
    traffic_doubt: TrafficDoubt
    caveats: tuple[str, ...]
    horizon: Horizon
    """Every allowed option month by month, with its totals."""
    outgrown: Outgrown | None
    """Where volume outgrows the cheapest self-hosted option within the horizon: when, and what would carry it."""
    bill_lines: tuple[BillLine, ...]
    """From the list price of today's API to what is paid."""

    @property
    def today(self) -> Option:
        return self.options[0]

    @property
    def spend_basis(self) -> str:
        """What today's API spend rests on, in a few words."""
        return paid_words(self.scenario.api)

    @property
    def allowed(self) -> tuple[Option, ...]:
        """The options that may be chosen."""
        return self.options if self.today_allowed else self.options[1:]

    def label_of(self, option: Option) -> str:
        """An option's label, marked where it is not allowed."""
        barred = self.barred_words(option)
        return f"{option.label} ({barred})" if barred else option.label

    def barred_words(self, option: Option) -> str:
        """Why an option may not be chosen; empty where it may. Today's API is kept then, and sellers that are too slow."""
        if any(option is one for one in self.set_aside):
            return option.target_check.missed
        return self.today_barred if option is self.today else ""

    @property
    def today_barred(self) -> str:
        """Why today's API is no option, in a few words; empty where it is one."""
        if self.today_allowed:
            return ""
        if is_too_short(self.today, needed_context_tok(self.scenario.workload)):
            return "its context window is too small"
        paths = [p.path for p in self.assessment.paths if p.path.kind not in ("rented_gpus", "own_hardware")]
        statuses = {path.status for path in paths if path.operator in self.today.operators}
        if self.today.target_check.missed and statuses <= {"allowed"}:
            return f"it {self.today.target_check.missed}"
        is_to_ask = "ask" in statuses and "blocked" not in statuses
        return f"not {'known to be ' if is_to_ask else ''}allowed under your requirements"

    @property
    def build(self) -> Option | None:
        """The cheapest self-hosted option."""
        return best_build(self.options)

    @property
    def buy(self) -> Option:
        """The cheapest allowed API option; today's API where none is."""
        buys = [option for option in self.allowed if option.is_buy]
        return best_buy(buys) if buys else self.today

    @property
    def takeaway(self) -> str:
        """What the chart of cost over volume shows, in a sentence."""
        return crossover_takeaway(self.crossover, self.build, self.allowed, self.demand.requests_per_month)

    @property
    def confidence(self) -> str:
        """How sure the verdict is, in a sentence."""
        verdict, workload = self.verdict, self.scenario.workload
        words = TrafficWords(has_range(workload), doubt_sentences(self.traffic_doubt, workload, self.options))
        is_partial = verdict.rent_gap is not None
        return confidence_sentence(verdict.kind, verdict.sureness, verdict.winner, self.allowed, words, is_partial)

    def curves(self, grid: Array) -> list[Curve]:
        """Monthly cost of every API option, and of the cheapest self-hosted fleet, over a grid of volumes (v,)."""
        self_host = SelfHostCost(self.envelope_staircases, self.build_line)
        return cost_curves([option for option, _ in self.crossovers], self.build, self_host, grid)


def evaluate(scenario: Scenario, catalog: Catalog) -> Evaluation:
    """The evaluation of a scenario. Raises UnknownId or DataError when it names something the catalog does not hold."""
    inputs = Inputs.of(scenario, catalog)
    check_ids(scenario, inputs.catalog)
    check_search(scenario, inputs.catalog)
    return _evaluated(inputs)


def _evaluated(inputs: Inputs) -> Evaluation:
    scenario, every = inputs.scenario, enumerate_options(inputs)
    compared = without_undercut(allowed := allowed_options(every, assessment := assess_options(every, inputs), inputs))
    envelope, line = lower_envelope(compared.stairs, inputs.demand), self_host_line(every.lines, inputs.demand)
    bounds = size_at_speed_bounds(allowed.stairs, allowed.rents_usd, envelope, inputs)
    by_cost = ranking(compared, bounds, curves := curves_of(compared, inputs))
    ranked, traffic = over_traffic_ranges(by_cost.options, curves)
    assessment = assessed_as_compared(assessment, every, allowed, ranked, inputs)
    today = next((option for option in ranked if option.kind == "api_today"), every.buys[0].option)
    horizon, doubt = horizon_of(ranked, today, curves, inputs), traffic_doubt(ranked, traffic, scenario.workload)
    lost = outgrown(ranked, horizon, allowed, every.buys, inputs)
    (_, against_best), *crossovers = _crossovers(today, ranked, allowed, SelfHostCost(envelope, line), curves)
    missing = no_fleet(fits := feasibility_matrix(allowed, line, inputs), allowed, every.buys, inputs)
    savings = savings_by_month(inputs, envelope, bounds, allowed.lines, curves.buys)
    signals = exit_signals(inputs, ranked, today, savings, missing)
    context = verdict_context(ranked, assessment, signals, doubt, scenario, missing)
    context = _noted(context, every, allowed, by_cost, bounds, inputs)
    verdict = decide(today, ranked, against_best, crossovers[0][1], missing.words if missing else "", context)
    notes = [*compared_notes(every, allowed, by_cost, inputs), *growth_note(scenario, against_best, allowed.buys, lost)]
    return Evaluation(
        scenario=scenario,
        digest=inputs.catalog.digest,
        demand=inputs.demand,
        options=(today, *(option for option in ranked if option is not today)),
        set_aside=tuple(option for option in allowed.set_aside if option.label != today.label),
        today_allowed=any(option is today for option in ranked),
        verdict=verdict,
        assessment=assessment,
        signals=signals,
        crossovers=tuple(crossovers),
        crossover=against_best,
        envelope_staircases=envelope,
        build_line=line,
        feasibility=fits,
        no_fleet=missing,
        traffic_doubt=doubt,
        caveats=(*contract_conditions(verdict.winner, assessment), *notes, *caveats(inputs, today, ranked)),
        horizon=horizon,
        outgrown=lost,
        bill_lines=bill_lines(inputs),
    )


def _crossovers(
    today: Option, ranked: Sequence[Option], allowed: AllowedOptions, self_host: SelfHostCost, curves: OptionCurves
) -> tuple[tuple[Option, Crossover], ...]:
    buys = as_ranked((*allowed.buys, *routed_in(ranked)), ranked)
    return crossovers_of(today, buys, self_host, curves.inputs, curves.api.routed)


def _gap(every: AllOptions, inputs: Inputs) -> RentGap | None:
    """The gap in the rents, where renting is at stake: a candidate is acceptable, and no requirement rules rented GPUs out."""
    if any(not s.offer.is_owned for s in every.stairs):
        return None
    scenario, catalog = inputs.scenario, inputs.catalog
    needed = (catalog.requirements[id] for id in scenario.compliance.requirements)
    if any(requirement.paths and "rented_gpus" not in requirement.paths for requirement in needed):
        return None
    return rent_gap(scenario, catalog) if any(answers_all(c.gate) for c in scenario.candidates) else None


def _noted(
    context: VerdictContext,
    every: AllOptions,
    allowed: AllowedOptions,
    by_cost: Ranking,
    bounds: SpeedBounds,
    inputs: Inputs,
) -> VerdictContext:
    """The context with what changes over the horizon, the options that were passed over, and what committed spend does to the
    answer."""
    first = cheapest_option(by_cost.options)
    context = replace(
        context,
        rent_gap=_gap(every, inputs),
        changes=by_cost.changes,
        passed_over=passed_over_reason(allowed.set_aside, by_cost.options),
        saving=unproven_saving(allowed, first, inputs),
    )
    if (committed := committed_spend(inputs)) is NOTHING_COMMITTED:
        return context
    without = cheapest_option(rank_options(without_commitment(allowed), bounds, inputs))
    return replace(context, commitment=commitment_sentences(committed, first, without))


def sensitivity_of(evaluation: Evaluation, catalog: Catalog) -> DecisionSensitivity:
    """What would change the decision of an evaluation, checked by ranking its options again; takes several times as long
    as the evaluation itself."""
    inputs = Inputs(evaluation.scenario, evaluation.demand, catalog)
    return decision_sensitivity(inputs, evaluation.options, evaluation.allowed, evaluation.signals)


def evaluations_by_model(evaluation: Evaluation, catalog: Catalog) -> tuple[Evaluation, ...]:
    """What each API model in use answers, with its part of the bill, decided alone at the prices of the whole; none where
    one model answers everything."""
    inputs = Inputs(evaluation.scenario, evaluation.demand, catalog)
    parts, ratios = parts_with_commitment(inputs), paid_ratios(inputs)
    return tuple(_evaluated(replace(part, paid_ratios=ratios)) for part in parts) if len(parts) > 1 else ()


def scaled_scenario(scenario: Scenario, multiple: float) -> Scenario:
    """The scenario at `multiple` times its volume, as far as the schema goes."""
    return at_volume(scenario, min(scenario.workload.requests_per_month * multiple, MAX_REQUESTS_PER_MONTH))
