"""The recipe on the quantization page: picked, marked on the map, costed on the fleet, and its risks listed."""

import json
import struct
from datetime import date
from typing import Any

import numpy as np
import pytest
from app_pages import link, start, words
from streamlit.testing.v1 import AppTest

from calculators.performance.quantization_recipe import PRESETS
from calculators.scenario.defaults import default_scenario
from calculators.scenario.schema import parse_scenario

PAGE = "pages/engineer/quantization.py"


def _open(model: str = "llama-3.3-70b", **changes: Any) -> AppTest:
    plain = default_scenario(date(2026, 11, 23)).model_dump(mode="json")
    plain["candidates"] = [{"model": model, "gate": "accepted"}]
    plain["hardware"]["gpus"] = ["h100-sxm"]
    for section, values in changes.items():
        plain[section] = {**plain[section], **values}
    return start(link(parse_scenario(plain))).switch_page(PAGE).run()


@pytest.fixture(scope="module")
def opened() -> AppTest:
    return _open()


def _preset(app: AppTest, name: str) -> AppTest:
    return app.selectbox(key="view_recipe_preset").select(name).run()


def _outlines(app: AppTest, chart: int) -> int:
    return len(json.loads(app.get("plotly_chart")[chart].proto.spec)["layout"].get("shapes", []))


def _table(app: AppTest) -> dict[str, list[str]]:
    frame = app.table[0].value
    return {row[""]: [row["Verdict"], row["Recipe"]] for _, row in frame.iterrows()}


def test_each_preset_is_costed_and_marked() -> None:
    app = _open()
    dense = [name for name in PRESETS if "experts" not in name]
    assert len(dense) == len(PRESETS) - 2
    assert app.selectbox(key="view_recipe_preset").value == "As in the verdict"
    assert app.selectbox(key="view_recipe_preset").options[1:-2] == dense
    for name in dense:
        _preset(app, name)
        assert not app.exception, name
        assert app.subheader[0].value.replace("\\", "").startswith(name)
        assert "Gate the release on your own evals" in words(app)
    _preset(app, "BF16")
    assert _outlines(app, 0) == _outlines(app, 1) == 0
    _preset(app, "INT4 weight-only")
    assert _outlines(app, 0) == len(("query", "key", "value", "attention output", "gate", "up", "down", "edges"))
    assert "multiplied in 16 bit" in words(app)


def test_the_verdict_s_own_format_changes_nothing() -> None:
    app = _preset(_open(), "As in the verdict")
    assert "If you self-hosted: Llama 3.3 70B Instruct in FP8" in app.subheader[0].value.replace("\\", "")
    assert all(before == after for before, after in _table(app).values())


def test_a_class_picked_by_hand_makes_a_custom_recipe_whose_formats_to_avoid_come_first() -> None:
    app = _preset(_open(), "FP8")
    assert "Formats of this recipe to avoid" not in words(app)
    app.selectbox(key="view_recipe_lm_head").select("nvfp4").run()
    app.selectbox(key="view_recipe_keys").select("int2").run()
    assert app.selectbox(key="view_recipe_preset").value == "Custom"
    assert app.subheader[0].value.startswith("Your recipe")
    assert _table(app)["KV-cache capacity per replica"][0] != _table(app)["KV-cache capacity per replica"][1]
    said = words(app)
    assert "2 choices to avoid: lm_head in NVFP4; keys in INT2" in said
    assert "lm_head in NVFP4: avoid" in said[said.index("Formats of this recipe to avoid") :]
    assert "inferred from the nearest row" in said
    assert _outlines(app, 1) == 1
    app.switch_page("pages/reference/prices.py").run()
    app.switch_page(PAGE).run()
    assert app.selectbox(key="view_recipe_lm_head").value == "nvfp4"
    assert "2 choices to avoid" in words(app)


def test_classes_the_model_has_not_are_not_asked_for(opened: AppTest) -> None:
    keys = {box.key for box in opened.selectbox}
    assert "view_recipe_down" in keys
    assert "view_recipe_router" not in keys
    experts = {box.key for box in _open("gpt-oss-120b").selectbox}
    assert {"view_recipe_router", "view_recipe_experts"} <= experts
    assert "view_recipe_down" not in experts


def test_without_a_fleet_the_map_stands_alone() -> None:
    app = _open(hardware={"max_gpus": 1, "gpus": ["l4"]})
    assert not app.exception
    assert "no fleet to try a recipe on" in words(app)
    assert len(app.get("plotly_chart")) == 2
    assert not app.table


def _checkpoint() -> bytes:
    rng, header, blob = np.random.default_rng(0), {}, b""
    for name, dtype, size in (
        ("mlp.down_proj", "F32", 4),
        ("mlp.gate_up_proj", "F32", 4),
        ("self_attn.o_proj", "F8_E4M3", 1),
    ):
        raw = rng.normal(size=(16, 128)).astype(np.float32).tobytes()[: 16 * 128 * size]
        header[f"model.layers.0.{name}.weight"] = {
            "dtype": dtype, "shape": [16, 128], "data_offsets": [len(blob), len(blob) + len(raw)]
        }  # fmt: skip
        blob += raw
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + blob


def test_a_scanned_checkpoint_stands_beside_the_map() -> None:
    app = _preset(_open(), "INT4 weight-only")
    assert "Your checkpoint keeps" not in words(app)
    app.file_uploader(key="scan_file").upload("m.safetensors", _checkpoint()).run()
    assert not app.exception
    said = words(app) + "".join(info.value for info in app.info).replace("\\", "")
    assert said.count("Your checkpoint keeps") == 3  # down, and gate and up of the fused tensor
    assert "Skipped because already quantized: 1 matrix (F8_E4M3). Measured: 2." in said
    assert len(app.get("plotly_chart")) == 3
    assert _outlines(app, 2) == 2
