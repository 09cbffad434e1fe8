"""What a page shows of a replica's memory is the sum, in words."""

from calculators.catalog.catalog import Catalog
from calculators.performance.memory_sum import memory_sum, vllm_line
from calculators.performance.replica import ReplicaConfig
from calculators.report.memory_view import memory_view


def test_the_view_is_the_sum_of_the_replica(live_catalog: Catalog) -> None:
    config = ReplicaConfig(live_catalog.model("gpt-oss-120b"), live_catalog.gpu("h100-sxm"), "mxfp4", 2)
    view, told = memory_view(config, live_catalog), memory_sum(config, live_catalog)
    assert (view.lines, view.visible_gib) == (told.lines, told.visible_gib)
    assert view.vllm_line == vllm_line(told, 1)
    assert f"{told.kv_room_gib:.1f} GiB" in view.takeaway
    assert view.note.startswith("vLLM")
    assert view.window_note
