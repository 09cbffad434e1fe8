"""The whole calculation, top to bottom: scenario and catalog in, Evaluation out. Pages, command line, report and tests
all call `evaluate`; every intermediate result is kept, so that any number on a page can be traced."""

from dataclasses import dataclass

from calculators.catalog.catalog import Catalog
from calculators.compliance.assessment import ComplianceAssessment
from calculators.decision.caveats import caveats, contract_conditions, growth_note
from calculators.decision.crossover import Crossover
from calculators.decision.crossover_text import crossover_takeaway
from calculators.decision.curves import Curve, SelfHostCost, cost_curves, crossovers_of, lower_envelope
from calculators.decision.savings import savings_by_month
from calculators.decision.signal_result import Signals
from calculators.decision.signals import exit_signals, review_date
from calculators.decision.switching_values import SwitchingValue, evaluation_switching_values
from calculators.decision.verdict import Verdict, decide
from calculators.decision.verdict_context import verdict_context
from calculators.decision.verdict_text import confidence_sentence
from calculators.fleet.staircase import Staircase
from calculators.options.build import self_host_line
from calculators.options.feasibility import Feasibility, feasibility_matrix, why_no_fleet
from calculators.options.option import LinearCost, Option, best_build, best_buy
from calculators.options.ranking import rank_options
from calculators.options.scenario_check import check_ids
from calculators.options.shortlist import allowed_options, assess_options, enumerate_options
from calculators.options.speed_range import size_at_speed_bounds
from calculators.scenario.demand import Array, Demand
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario

MAX_REQUESTS_PER_MONTH = 1e12


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that one scenario means at the prices of one catalog."""

    scenario: Scenario
    digest: str
    demand: Demand
    options: tuple[Option, ...]
    """Today's API first, then the others that are allowed, by cost."""
    today_allowed: bool
    verdict: Verdict
    assessment: ComplianceAssessment
    signals: Signals
    switching_values: tuple[SwitchingValue, ...]
    review: str
    """When to revisit the decision."""
    crossovers: tuple[tuple[Option, Crossover], ...]
    """Self-hosting against each API option."""
    crossover: Crossover
    """Self-hosting against the cheapest API option at each volume."""
    envelope_staircases: tuple[Staircase, ...]
    """Staircases on the lower envelope: the cheapest self-hosted cost at each volume is the minimum over these."""
    build_line: LinearCost
    """What a fleet costs besides machines."""
    feasibility: tuple[Feasibility, ...]
    caveats: tuple[str, ...]

    @property
    def today(self) -> Option:
        return self.options[0]

    @property
    def allowed(self) -> tuple[Option, ...]:
        """The options that may be chosen."""
        return self.options if self.today_allowed else self.options[1:]

    def is_allowed(self, option: Option) -> bool:
        """Whether one of `options` may be chosen."""
        return self.today_allowed or option is not self.today

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
        return confidence_sentence(self.verdict.kind, self.verdict.sureness, self.verdict.winner, self.allowed)

    def curves(self, grid: Array) -> list[Curve]:
        """Monthly cost of every API option, and of the cheapest self-hosted fleet, over a grid of volumes (v,)."""
        self_host = SelfHostCost(self.envelope_staircases, self.build_line)
        return cost_curves([option for option, _ in self.crossovers], self.build, self_host, grid)


def evaluate(scenario: Scenario, catalog: Catalog) -> Evaluation:
    """The evaluation of a scenario. Raises UnknownId or DataError when it names something the catalog does not hold."""
    check_ids(scenario, catalog)
    inputs = Inputs.of(scenario, catalog)
    every = enumerate_options(inputs)
    today = every.buys[0].option
    assessment = assess_options(every, inputs)
    allowed = allowed_options(every, assessment, inputs)

    self_host = SelfHostCost(lower_envelope(allowed.stairs, inputs.demand), self_host_line(every.lines, inputs.demand))
    envelope = self_host.staircases
    bounds = size_at_speed_bounds(allowed.stairs, allowed.rents_usd, envelope, inputs)
    ranked = rank_options(allowed, bounds, inputs)
    (_, against_best), *crossovers = crossovers_of(today, allowed.buys, self_host, inputs)

    switching_values = evaluation_switching_values(inputs, ranked, allowed.buys, envelope, against_best, today)
    savings = savings_by_month(inputs, envelope, bounds, allowed.lines, allowed.buys)
    fits = feasibility_matrix(allowed, self_host.line, inputs)
    signals = exit_signals(inputs, ranked, today, savings, allowed.has_fleet, why_no_fleet(fits))
    context = verdict_context(ranked, assessment, signals, switching_values, scenario.workload)
    verdict = decide(today, ranked, against_best, crossovers[0][1], why_no_fleet(fits), context)
    growth = growth_note(scenario, against_best) if allowed.buys else ()
    return Evaluation(
        scenario=scenario,
        digest=catalog.digest,
        demand=inputs.demand,
        options=(today, *(option for option in ranked if option is not today)),
        today_allowed=any(option is today for option in ranked),
        verdict=verdict,
        assessment=assessment,
        signals=signals,
        switching_values=switching_values,
        review=review_date(switching_values, signals, inputs),
        crossovers=tuple(crossovers),
        crossover=against_best,
        envelope_staircases=envelope,
        build_line=self_host.line,
        feasibility=fits,
        caveats=(*contract_conditions(verdict.winner, assessment), *growth, *caveats(inputs, today, ranked)),
    )


def scaled_scenario(scenario: Scenario, multiple: float) -> Scenario:
    """The scenario at `multiple` times its volume, as far as the schema goes."""
    volume = min(scenario.workload.requests_per_month * multiple, MAX_REQUESTS_PER_MONTH)
    workload = scenario.workload.model_copy(update={"requests_per_month": volume})
    return scenario.model_copy(update={"workload": workload})
