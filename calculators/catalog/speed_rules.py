"""Records of hardware_profiles/speed_rules.yaml: what formats, releases and drafts do to the speed, from pairs of runs."""

from calculators.catalog.base import Range, SourcedFile


class SpeedRules(SourcedFile):
    """Rules on top of the fitted efficiencies. The terms are those of performance/step_time and performance/speculation."""

    launch_yearly_ratio: Range
    expanded_compute_frac: Range
    int4_expert_us: Range
    draft_step_frac: Range
    draft_wait_us: Range
    draft_request_wait_us: Range
    verify_walk_ns: Range
    narrow_cache_read_ratio: Range
    narrow_cache_prompt_ratio: Range
