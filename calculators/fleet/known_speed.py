"""The speed of a fleet is known where the user measured it or published runs validate it. A fleet of known speed leads over one
of which the speed is extrapolated, where both cost the same within the model's error."""

from calculators.calibration.own_benchmarks import OwnFit
from calculators.catalog.catalog import Catalog
from calculators.performance.replica import ReplicaConfig
from calculators.performance.stated_range import CROWD, EXPERTS, traits_ratio

MOST_USUAL_ENGINE = "vllm"


def has_known_speed(config: ReplicaConfig, own: OwnFit | None, catalog: Catalog) -> bool:
    """Whether the user measured this model on this GPU, or published runs validate the model there: many runs of its
    generation, and no network between the GPUs of a replica."""
    is_measured = own is not None and own.applies_to(config)
    return is_measured or (not catalog.is_extrapolated(config.gpu) and not config.is_over_machines)


def lead_ratio(config: ReplicaConfig, own: OwnFit | None, catalog: Catalog) -> float:
    """How many times the cost of a fleet of extrapolated speed one of this replica may have and still lead: the model's error in
    tokens/s with many requests at once where its speed is known, else 1. The same for all replicas of a model, so that of two known ones the cheaper leads."""
    if not has_known_speed(config, own, catalog):
        return 1.0
    kind = {EXPERTS} if config.model.shape.mlp.experts else set()
    return traits_ratio("tok_s", frozenset({MOST_USUAL_ENGINE, CROWD, *kind}), catalog)
