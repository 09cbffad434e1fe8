"""Rules on top of the fit are factors that can only act in one direction."""

from calculators.catalog.catalog import Catalog


def test_each_rule_acts_in_its_direction(live_catalog: Catalog) -> None:
    rules = live_catalog.speed_rules
    assert rules.launch_yearly_ratio.high <= 1, "releases get faster"
    assert rules.expanded_compute_frac.high <= 1, "expanding weights is never faster than weights in 16 bit"
    assert rules.int4_expert_us.low >= 0
    assert 0 <= rules.draft_step_frac.low <= rules.draft_step_frac.high <= 1
    assert min(rules.narrow_cache_read_ratio.low, rules.narrow_cache_prompt_ratio.low) >= 1
