"""One invented record of each gateway, cloud, engine and API answer, with its integers."""

import json
from pathlib import Path

import pytest
from flat_logs import T1, T2, flat_log, flat_rows, tokens, used

from calculators.logs.usage_formats import SERVICE_FORMATS

LIFETIMES = {"time": T1, "input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 70,
             "cache_creation_5m_input_tokens": 15, "cache_creation_1h_input_tokens": 5}  # fmt: skip
COHERE = {"time": T1, "usage": {"billed_units": {"input_tokens": 99, "output_tokens": 5}, "cached_tokens": 70,
                                "tokens": {"input_tokens": 100, "output_tokens": 5}}}  # fmt: skip
PORTKEY = {"id": "p", "created_at": T1, "is_success": True, "ai_model": "m", "req_units": 100, "res_units": 5, "total_units": 105,
           "cost": 3, "response_status_code": 200, "cache_status": "MISS"}  # fmt: skip
ENVOY = {
    "start_time": T1,
    "genai_model_name": "m",
    "genai_tokens_input": 100,
    "genai_tokens_output": 5,
    "response_code": 200,
}
KONG = {"started_at": 1791190800000, "request": {"id": "k"}, "response": {"status": 200},
        "ai": {"proxy": {"meta": {"request_model": "m"}, "usage": {"prompt_tokens": 100, "completion_tokens": 5, "cost": 0.04}}}}  # fmt: skip
CLOUDFLARE = {"success": True, "result": [{"id": "c", "created_at": T1, "provider": "openai", "model": "m", "success": True,
              "cached": False, "tokens_in": 100, "tokens_out": 5, "cost": 0.04}]}  # fmt: skip
HELICONE = {"data": [{"request_id": "h", "request_created_at": T1, "response_status": 200, "total_tokens": 105, "prompt_tokens": 10,
            "prompt_cache_read_tokens": 70, "prompt_cache_write_tokens": 20, "completion_tokens": 5, "costUSD": 0.04}]}  # fmt: skip
LITELLM = {"data": [{"request_id": "l", "call_type": "acompletion", "startTime": T1, "prompt_tokens": 100, "completion_tokens": 5,
           "total_tokens": 105, "spend": 0.04, "model": "m", "cache_hit": "False", "status": "success", "metadata": {"usage_object": {
               "prompt_tokens_details": {"cached_tokens": 70}, "cache_creation_input_tokens": 20}}}]}  # fmt: skip
OPENROUTER = {"data": {"id": "o", "created_at": T1, "model": "m", "tokens_prompt": 90, "tokens_completion": 4,
              "native_tokens_prompt": 100, "native_tokens_completion": 5, "native_tokens_cached": 70, "total_cost": 0.04}}  # fmt: skip
BEDROCK = {"events": [{"timestamp": 1791190800000, "message": json.dumps({
    "schemaType": "ModelInvocationLog", "timestamp": T1, "requestId": "b", "modelId": "m",
    "input": {"inputTokenCount": 10, "cacheReadInputTokenCount": 70, "cacheWriteInputTokenCount": 20},
    "output": {"outputTokenCount": 5}})}]}  # fmt: skip
VERTEX = {"logging_time": "2026-10-05 09:00:00 UTC", "model": "m", "request_id": "v", "full_response": json.dumps({"usageMetadata": {
    "promptTokenCount": 90, "toolUsePromptTokenCount": 10, "cachedContentTokenCount": 70, "candidatesTokenCount": 3,
    "thoughtsTokenCount": 2, "totalTokenCount": 105}})}  # fmt: skip
AZURE = {"tables": [{"name": "PrimaryResult",
                     "columns": [{"name": "TimeGenerated"}, {"name": "CorrelationId"}, {"name": "PromptTokens"}, {"name": "CompletionTokens"}],
                     "rows": [[T1, "a", 100, 5]]}]}  # fmt: skip
SGLANG = {
    "rid": "s",
    "request_received_ts": 1791190800.5,
    "meta_info": {"prompt_tokens": 100, "completion_tokens": 5, "cached_tokens": 70},
}
VLLM = {
    "request_id": "v",
    "arrival_time": 1791190800.5,
    "num_prompt_tokens": 100,
    "num_generation_tokens": 5,
    "num_cached_tokens": 70,
}
AIPERF = {"metadata": {"x_request_id": "x", "request_start_ns": 1791190800000000000},
          "metrics": {"input_sequence_length": {"value": 100}, "output_sequence_length": {"value": 5}}}  # fmt: skip
OLLAMA = {"model": "m", "created_at": T1, "prompt_eval_count": 100, "eval_count": 5}
ANTHROPIC = {"ts": T1, "level": "info", "data": {"response": {"id": "r", "model": "m", "usage": {
    "input_tokens": 10, "cache_read_input_tokens": 70, "cache_creation_input_tokens": 20, "output_tokens": 5}}}}  # fmt: skip
BATCH = {"custom_id": "1", "error": None, "response": {"status_code": 200, "request_id": "q", "body": {
    "id": "c", "created": 1791190800, "model": "m", "choices": [{"message": {"content": "secret"}}],
    "usage": {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105,
              "prompt_tokens_details": {"cached_tokens": 70}, "completion_tokens_details": {"reasoning_tokens": 2}}}}}  # fmt: skip
RESPONSES = {"data": [{"id": "r", "object": "response", "created_at": 1791190800, "status": "completed", "error": None, "model": "m",
             "output": [{"type": "message"}], "usage": {"input_tokens": 100, "input_tokens_details": {"cached_tokens": 70},
             "output_tokens": 5, "output_tokens_details": {"reasoning_tokens": 2}, "total_tokens": 105}}]}  # fmt: skip
SHORT = {"items": [{"time": T1, "tokens": {"prompt": 100, "completion": 5}, "model": "m"}]}

WHOLE, UNWRITTEN, PLAIN = (100, 5, 70, 20), (100, 5, 70, None), (100, 5, None, None)
SAMPLES: list[tuple[str, object, tuple[int | None, ...]]] = [
    ("Portkey log", PORTKEY, PLAIN),
    ("Envoy AI Gateway access log", ENVOY, PLAIN),
    ("Kong AI Gateway log", KONG, PLAIN),
    ("Cloudflare AI Gateway log", CLOUDFLARE, PLAIN),
    ("Helicone request", HELICONE, WHOLE),
    ("LiteLLM spend log", LITELLM, WHOLE),
    ("OpenRouter generation", OPENROUTER, UNWRITTEN),
    ("Bedrock invocation log", BEDROCK, WHOLE),
    ("Gemini or Vertex answer", VERTEX, UNWRITTEN),
    ("API Management log of Azure", AZURE, PLAIN),
    ("SGLang request log", SGLANG, UNWRITTEN),
    ("vLLM request log", VLLM, UNWRITTEN),
    ("AIPerf record", AIPERF, PLAIN),
    ("Ollama answer", OLLAMA, PLAIN),
    ("Anthropic usage with two lifetimes of the cache", LIFETIMES, WHOLE),
    ("Cohere answer", COHERE, UNWRITTEN),
    ("Anthropic usage", ANTHROPIC, WHOLE),
    ("OpenAI usage", BATCH, UNWRITTEN),
    ("OpenAI Responses usage", RESPONSES, UNWRITTEN),
    ("usage under short names", SHORT, PLAIN),
]


def test_every_format_of_a_service_has_a_sample() -> None:
    assert {name for name, _, _ in SAMPLES} == {one.name for one in SERVICE_FORMATS}


@pytest.mark.parametrize(("name", "content", "right"), SAMPLES, ids=[name for name, _, _ in SAMPLES])
def test_sample_of_a_service(tmp_path: Path, name: str, content: object, right: tuple[int | None, ...]) -> None:
    rows = used(flat_rows(tmp_path, content, "log.csv" if isinstance(content, str) else "log.json"))
    assert [tokens(row) for row in rows] == [right]
    assert rows[0]["time"] is not None
    assert "secret" not in str(rows)
    text = content if isinstance(content, str) else json.dumps(content)
    flat = flat_log(tmp_path, text, "log.csv" if isinstance(content, str) else "log.json")
    assert flat is not None
    assert flat.formats == (name,)


@pytest.mark.parametrize(
    "change",
    [
        {"response_status_code": 429},
        {"is_success": False},
        {"status": "429 Too Many Requests"},
        {"error": {"message": "overloaded"}},
        {"cancelled": "true"},
        {"finish_reason": "error"},
        {"cache_status": "SEMANTIC HIT"},
        {"endpoint": "/v1/embeddings"},
        {"mode": "image_generation"},
    ],
    ids=str,
)
def test_record_that_does_not_count(tmp_path: Path, change: dict[str, object]) -> None:
    assert used(flat_rows(tmp_path, PORTKEY | change)) == []


def test_what_is_known_beside_the_tokens(tmp_path: Path) -> None:
    row = flat_rows(tmp_path, HELICONE | {"x": T2})[0]
    assert (row["time"], row["id"], row["spend"]) == (T1, "h", 0.04)
    assert flat_rows(tmp_path, PORTKEY)[0]["spend"] is None
    assert flat_rows(tmp_path, RESPONSES)[0]["model"] == "m"


def test_reasoning_counts_once(tmp_path: Path) -> None:
    row = {
        "created": T1,
        "usage": {"prompt_tokens": 100, "completion_tokens": 3, "reasoning_tokens": 2, "total_tokens": 105},
    }
    assert tokens(flat_rows(tmp_path, {"data": [row]})[0])[:2] == (100, 5)
    row["usage"]["total_tokens"] = 103  # type: ignore[index]
    assert tokens(flat_rows(tmp_path, {"data": [row]})[0])[:2] == (100, 3)
