"""A benchmark dropped on the Candidates page."""

from typing import Any

import pytest
from app_pages import linked, start, words
from benchmark_samples import CANARY, SGLANG, VLLM, as_bytes
from streamlit.testing.v1 import AppTest


def candidates() -> AppTest:
    return start().switch_page("pages/inputs/candidates.py").run()


def drop(app: AppTest, content: bytes, name: str = "bench.json") -> AppTest:
    return app.file_uploader(key="benchmark_file").upload(name, content, "application/json").run()


def answer(app: AppTest, gpu: str | None = "h100-sxm") -> AppTest:
    boxes = {box.label: box for box in app.selectbox}
    if gpu:
        boxes["Benchmarked GPU"].select(gpu)
    return next(b for b in app.button if b.label == "Calibrate with this benchmark").click().run()


def used(**changes: Any) -> AppTest:
    return answer(drop(candidates(), as_bytes(VLLM | changes)))


def test_a_dropped_benchmark_corrects_the_model_and_is_in_the_link() -> None:
    app = used()
    assert not app.exception
    assert not app.error
    (own,) = linked(app).hardware.own_measurements
    assert (own.model, own.gpu, own.precision, own.tensor_parallel) == ("llama-3.1-8b", "h100-sxm", "bf16", 1)
    assert (own.source, own.tpot_ms, own.ttft_ms, own.concurrency_count) == ("bench.json", 12, 120, 32)
    assert "TPOT: predicted" in words(app)
    assert "measured 12 ms" in words(app)
    assert "Llama 3.1 8B Instruct BF16 on 1× " in words(app)


def test_it_survives_other_pages_and_opens_from_the_link() -> None:
    app = used()
    app.switch_page("pages/decide/verdict.py").run()
    app.switch_page("pages/inputs/candidates.py").run()
    assert not app.exception
    assert "measured 12 ms" in words(app)
    token = app.query_params["s"]
    other = start(token[0] if isinstance(token, list) else token).switch_page("pages/inputs/candidates.py").run()
    assert "measured 12 ms" in words(other)


def test_removing_it_restores_the_model() -> None:
    before = linked(candidates())
    app = used()
    app.button(key="benchmark_remove_0").click().run()
    assert not app.exception
    assert linked(app) == before
    assert "No benchmark uploaded" in words(app)
    app = answer(drop(candidates(), as_bytes(VLLM, VLLM | {"max_concurrency": 64})))
    assert len(linked(app).hardware.own_measurements) == 2
    app.button(key="benchmark_remove_all").click().run()
    assert linked(app) == before


def test_it_asks_for_what_the_file_does_not_say() -> None:
    app = drop(candidates(), as_bytes(VLLM | {"model_id": f"<img src=x> {CANARY}"}))
    assert not app.exception
    assert "\\<img" in "".join(str(m.value) for m in app.markdown)
    app = answer(app, gpu=None)
    assert "choose both" in words(app)
    assert linked(app).hardware.own_measurements == ()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\x00\x01\xff", "UTF-8"),
        (b'{"completed": 3', "cut off"),
        (as_bytes(VLLM | {"completed": 0}), "completed is 0"),
        (as_bytes(VLLM | {"mean_tpot_ms": float("nan")}), "nan"),
    ],
)
def test_a_bad_file_says_why_and_changes_nothing(content: bytes, says: str) -> None:
    app = candidates()
    before = linked(app)
    app = drop(app, content)
    assert not app.exception
    assert len(app.error) == 1
    assert says in words(app)
    assert linked(app) == before


def test_a_run_unlike_the_model_is_pointed_out() -> None:
    app = drop(candidates(), as_bytes(SGLANG))
    assert not app.exception
    assert "speculative decoding was on" in words(app)


def test_a_setup_that_cannot_be_is_not_taken() -> None:
    app = drop(candidates(), as_bytes(VLLM | {"model_id": "llama-3.1-405b"}))
    app = answer(app)
    assert not app.exception
    assert "do not fit" in words(app)
    assert linked(app).hardware.own_measurements == ()


def typed(app: AppTest, model: str = "llama-3.3-70b", gpu: str = "h100-sxm", **figures: float) -> AppTest:
    """The form for typed figures, filled in and added."""
    app.selectbox(key="typed_model").select(model).run()
    app.selectbox(key="typed_gpu").select(gpu).run()
    for name, value in figures.items():
        app.number_input(key=f"typed_{name}").set_value(value)
    return next(b for b in app.button if b.label == "Add this measurement").click().run()


def test_typed_figures_bind_and_are_marked_as_the_users() -> None:
    app = typed(candidates(), tensor_parallel=8, output_tok_s_per_gpu=75.0, input_tok=1000.0, output_tok=300.0)
    assert not app.exception
    assert not app.error
    (own,) = linked(app).hardware.own_measurements
    assert (own.source, own.tok_s, own.load) == ("", 600, "full")
    for part in ("as much as it carries (your figures)", "Typed by you.", "Now used at this load: 600 output tok/s"):
        assert part in words(app)
    app.button(key="benchmark_remove_0").click().run()
    assert linked(app).hardware.own_measurements == ()


def test_typed_figures_that_cannot_be_are_named_and_change_nothing() -> None:
    app = candidates()
    before = linked(app)
    app = typed(app, tensor_parallel=8, tpot_ms=20.0)
    assert not app.exception
    assert "TPOT, mean (ms) is 20, but the load is not stated; enter Concurrency" in words(app)
    assert linked(app) == before
    app = typed(app, tensor_parallel=8, tpot_ms=20.0, concurrency_count=0.0)
    assert "Concurrency must be above 0" in words(app)


def test_typed_figures_that_contradict_each_other_are_shown_as_such() -> None:
    app = typed(candidates(), tensor_parallel=8, output_tok_s=600.0)
    app = typed(app, tensor_parallel=8, output_tok_s=3000.0)
    assert len(linked(app).hardware.own_measurements) == 2
    assert "Two of your benchmarks contradict each other" in words(app)
