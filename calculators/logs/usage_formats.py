"""Where the tokens, times and other facts lie in the logs of each vendor and tool: one small entry a format.

A name is the tail of a path of keys, without case, dots and underscores (`usage.prompt_tokens` also names `usage_prompt_tokens`
and `body.usage.promptTokens`). "a | b" is the first of both that is there, "a + b" their sum, "x.*input*" every key of x
that contains "input". The first entry that fits a record counts; what it does not name lies under the `COMMON` names.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageFormat:
    """One way of writing the usage of a request. `extra_output`: tokens beside `output`, such as thoughts."""

    name: str
    input: str
    output: str
    needs: str = ""
    """Names that must all be there, beside the input."""
    cache_read: str = ""
    cache_write: str = ""
    extra_output: str = ""
    extra_is_apart: bool = False
    """Whether `output` leaves `extra_output` out, where no total tells."""
    total: str = ""
    input_excludes_cache: bool | None = False
    """None: differs by sender; the total or a contradiction of the file tells, else it is asked."""
    time: str = ""
    id: str = ""
    model: str = ""
    spend: str = ""
    status: str = ""
    """A column of words that say whether the request failed, beside the usual ones."""
    provider_that_excludes: str = ""
    """Seller whose own way of counting, without cached tokens, the format passes on."""
    cumulative: bool = False
    """The counts run on from record to record of a session."""
    is_common: bool = False
    """Known names that need no vendor's rule: flat tables of them are read without this module."""


NOWHERE = "-"
"""A role that no column of a format plays, whatever its name."""
_READ = (
    "prompt_tokens_details.cached_tokens | input_tokens_details.cached_tokens | cached_input_tokens | input_cached_tokens"
    " | cache_read_input_tokens | cache_read_tokens | prompt_cache_hit_tokens | cached_prompt_tokens | prompt_cached_tokens"
    " | input_token_details.cache_read | prompt_token_details.cache_read | cached_tokens | cached_input_token_count | cache_read"
)
_WRITE = (
    "cache_creation_input_tokens | cache_write_input_tokens | cache_creation_tokens | cache_write_tokens"
    " | prompt_tokens_details.cache_write_tokens | input_tokens_details.cache_write_tokens | prompt_cache_creation_tokens"
    " | input_token_details.cache_creation | prompt_token_details.cache_creation | cache_creation | cache_write"
)
_REASONING = (
    "completion_tokens_details.reasoning_tokens | output_tokens_details.reasoning_tokens | reasoning_tokens"
    " | reasoning_output_tokens | completion_reasoning_tokens | output_token_details.reasoning"
)
_TOTAL = "total_tokens | total_token_count | tokens_total | total_units"

FORMATS: tuple[UsageFormat, ...] = (
    # --- coding agents
    UsageFormat(
        name="Claude Code session",
        needs="session_id & message.id",
        input="message.usage.input_tokens",
        output="message.usage.output_tokens",
        cache_read="message.usage.cache_read_input_tokens",
        cache_write="message.usage.cache_creation_input_tokens",
        input_excludes_cache=True,
        time="timestamp",
        id="message.id",
        model="message.model",
        spend="cost_usd",
    ),
    UsageFormat(
        name="Codex session",
        input="last_token_usage.input_tokens",
        output="last_token_usage.output_tokens",
        cache_read="last_token_usage.cached_input_tokens",
        total="last_token_usage.total_tokens",
        time="timestamp",
    ),
    UsageFormat(
        name="Codex session with totals only",
        input="total_token_usage.input_tokens",
        output="total_token_usage.output_tokens",
        cache_read="total_token_usage.cached_input_tokens",
        time="timestamp",
        cumulative=True,
    ),
    UsageFormat(
        name="Cursor usage export",
        needs="input (w/ cache write)",
        input="input (w/o cache write)",
        output="output_tokens | output",
        cache_read="cache_read",
        cache_write="input (w/ cache write)",
        input_excludes_cache=True,
        time="date",
        spend="cost",
        status="kind",
    ),
    UsageFormat(
        name="Cursor usage events",
        input="token_usage.input_tokens",
        output="token_usage.output_tokens",
        needs="token_usage.cache_read_tokens",
        cache_read="token_usage.cache_read_tokens",
        cache_write="token_usage.cache_write_tokens",
        input_excludes_cache=True,
        status="kind_label | kind",
    ),
    UsageFormat(
        name="Cline or Roo task",
        needs="cache_reads",
        input="tokens_in",
        output="tokens_out",
        cache_read="cache_reads",
        cache_write="cache_writes",
        input_excludes_cache=True,
    ),
    UsageFormat(
        name="OpenCode message",
        needs="tokens.cache.read",
        input="tokens.input",
        output="tokens.output",
        cache_read="tokens.cache.read",
        cache_write="tokens.cache.write",
        extra_output="tokens.reasoning",
        extra_is_apart=True,
        input_excludes_cache=True,
        time="time.created",
        model="model_id",
    ),
    UsageFormat(
        name="Gemini CLI session or telemetry",
        needs="tokens.thoughts | thoughts_token_count",
        input="tokens.input + tokens.tool | input_token_count + tool_token_count",
        output="tokens.output | output_token_count",
        cache_read="tokens.cached | cached_content_token_count",
        extra_output="tokens.thoughts | thoughts_token_count",
        extra_is_apart=True,
        total="tokens.total | total_token_count",
    ),
    UsageFormat(
        name="Claude Code telemetry",
        needs="cost_usd & cache_creation_tokens & event.name",
        input="input_tokens",
        output="output_tokens",
        cache_read="cache_read_tokens",
        cache_write="cache_creation_tokens",
        input_excludes_cache=True,
        time="event.timestamp",
        spend="cost_usd",
    ),
    # --- tracers
    UsageFormat(
        name="Langfuse",
        needs="usage_details.input",
        input="usage_details.*input*",
        output="usage_details.*output*",
        cache_read="usage_details.*input*cache*read* + usage_details.*input*cached* + usage_details.*cache_read_input*",
        cache_write="usage_details.*input*cache*creat* + usage_details.*input*cache*write* + usage_details.*cache_creation_input*",
        time="start_time",
        id="id",
        model="provided_model_name | model",
        spend="total_cost | calculated_total_cost | cost_details.total",
    ),
    UsageFormat(
        name="OpenTelemetry GenAI span with the names of the convention",
        is_common=True,
        needs="gen_ai.usage.cache_read.input_tokens | gen_ai.usage.cache_creation.input_tokens",
        input="gen_ai.usage.input_tokens",
        output="gen_ai.usage.output_tokens",
        cache_read="gen_ai.usage.cache_read.input_tokens",
        cache_write="gen_ai.usage.cache_creation.input_tokens",
        time="start_time_unix_nano | start_time",
        id="span_id",
        model="gen_ai.response.model | gen_ai.request.model",
        spend="gen_ai.usage.cost",
    ),
    UsageFormat(
        name="OpenTelemetry GenAI span",
        is_common=True,
        input="gen_ai.usage.input_tokens | gen_ai.usage.prompt_tokens",
        output="gen_ai.usage.output_tokens | gen_ai.usage.completion_tokens",
        cache_read="gen_ai.usage.cache_read.input_tokens | gen_ai.usage.cache_read_input_tokens | gen_ai.usage.cached_tokens"
        " | gen_ai.usage.input_tokens.cached | gen_ai.usage.details.cache_read_input_tokens"
        " | llm.usage.cache_read_input_tokens | gen_ai.usage.prompt_tokens_details.cached_tokens",
        cache_write="gen_ai.usage.cache_creation.input_tokens | gen_ai.usage.cache_creation_input_tokens"
        " | gen_ai.usage.details.cache_creation_input_tokens | llm.usage.cache_creation_input_tokens",
        total="gen_ai.usage.total_tokens | llm.usage.total_tokens",
        input_excludes_cache=None,
        time="start_time_unix_nano | start_time",
        id="span_id",
        model="gen_ai.response.model | gen_ai.request.model",
        spend="gen_ai.usage.cost",
    ),
    UsageFormat(
        name="OpenInference span (Phoenix, Arize)",
        input="llm.token_count.prompt",
        output="llm.token_count.completion",
        cache_read="llm.token_count.prompt_details.cache_read",
        cache_write="llm.token_count.prompt_details.cache_write",
        total="llm.token_count.total",
        time="start_time_unix_nano | start_time",
        id="context.span_id | span_id",
        model="llm.model_name",
        spend="llm.cost.total",
    ),
    UsageFormat(
        name="Vercel AI SDK span",
        input="ai.usage.prompt_tokens | ai.usage.input_tokens",
        output="ai.usage.completion_tokens | ai.usage.output_tokens",
        cache_read="ai.usage.cached_input_tokens",
        time="start_time_unix_nano | start_time",
        id="span_id",
        model="ai.response.model | ai.model.id",
    ),
    UsageFormat(
        name="OpenLLMetry span",
        input="llm.usage.prompt_tokens",
        output="llm.usage.completion_tokens",
        cache_read="llm.usage.cache_read_input_tokens",
        cache_write="llm.usage.cache_creation_input_tokens",
        total="llm.usage.total_tokens",
        input_excludes_cache=None,
        time="start_time_unix_nano | start_time",
        id="span_id",
        model="llm.response.model | llm.request.model",
    ),
    UsageFormat(
        name="PostHog event",
        input="$ai_input_tokens",
        output="$ai_output_tokens",
        cache_read="$ai_cache_read_input_tokens",
        cache_write="$ai_cache_creation_input_tokens",
        total="$ai_total_tokens",
        input_excludes_cache=None,
        provider_that_excludes="anthropic",
        time="timestamp",
        id="uuid",
        model="$ai_model",
        spend="$ai_total_cost_usd",
        status="$ai_http_status",
    ),
    UsageFormat(
        name="MLflow trace",
        input="mlflow.trace.token_usage.input_tokens | mlflow.chat.token_usage.input_tokens",
        output="mlflow.trace.token_usage.output_tokens | mlflow.chat.token_usage.output_tokens",
        cache_read="token_usage.cache_read_input_tokens",
        cache_write="token_usage.cache_creation_input_tokens",
        total="token_usage.total_tokens",
        input_excludes_cache=None,
        time="request_time | timestamp_ms",
        id="trace_id | request_id",
        status="state | status",
    ),
    UsageFormat(
        name="LangSmith run",
        needs="run_type",
        input="prompt_tokens | usage_metadata.input_tokens",
        output="completion_tokens | usage_metadata.output_tokens",
        cache_read="prompt_token_details.cache_read | input_token_details.cache_read",
        cache_write="prompt_token_details.cache_creation | input_token_details.cache_creation",
        total="total_tokens",
        time="start_time",
        id="id",
        model="ls_model_name | metadata.ls_model_name | model",
        spend="total_cost",
    ),
    UsageFormat(
        name="Braintrust span",
        needs="metrics.prompt_tokens",
        input="metrics.prompt_tokens",
        output="metrics.completion_tokens",
        cache_read="metrics.prompt_cached_tokens",
        cache_write="metrics.prompt_cache_creation_tokens",
        total="metrics.tokens | metrics.total_tokens",
        time="metrics.start | created",
        id="span_id | id",
        model="metadata.model",
        spend="metrics.estimated_cost",
    ),
    UsageFormat(
        name="Weave call",
        needs="op_name & started_at",
        input="summary.usage.prompt_tokens | summary.usage.input_tokens",
        output="summary.usage.completion_tokens | summary.usage.output_tokens",
        cache_read=f"{_READ}",
        cache_write=f"{_WRITE}",
        total="summary.usage.total_tokens",
        input_excludes_cache=None,
        time="started_at",
        id="id",
        status="summary.weave.status | summary.status | exception",
    ),
    UsageFormat(
        name="Datadog LLM Observability span",
        needs="metrics.input_tokens",
        input="metrics.input_tokens",
        output="metrics.output_tokens",
        cache_read="metrics.cache_read_input_tokens",
        cache_write="metrics.cache_write_input_tokens",
        total="metrics.total_tokens",
        time="start_ns | start",
        id="span_id",
        model="meta.model_name | model_name",
        spend="metrics.estimated_total_cost_usd",
    ),
    # --- gateways
    UsageFormat(
        name="Portkey log",
        input="req_units | request_units",
        output="res_units | response_units",
        cache_read=_READ,
        cache_write=_WRITE,
        total="total_units",
        time="created_at",
        model="ai_model",
        spend=NOWHERE,  # cents in the API, dollars in some exports
    ),
    UsageFormat(
        name="Envoy AI Gateway access log",
        input="genai_tokens_input | genai.tokens_input | llm_input_token",
        output="genai_tokens_output | genai.tokens_output | llm_output_token",
        cache_read="genai_tokens_cached_input | genai_tokens_input_cached | llm_cached_input_token",
        cache_write="genai_tokens_cache_creation_input | llm_cache_creation_input_token",
        total="genai_tokens_total | llm_total_token",
        time="start_time",
        model="genai_model_name_override | genai_model_name",
    ),
    UsageFormat(
        name="Kong AI Gateway log",
        needs="started_at",
        input="usage.prompt_tokens | usage.prompt_token",
        output="usage.completion_tokens | usage.completion_token",
        cache_read=_READ,
        total="usage.total_tokens | usage.total_token",
        time="started_at",
        id="request.id",
        model="meta.response_model | meta.request_model",
        spend="usage.cost",
        status="response.status",
    ),
    UsageFormat(
        name="Cloudflare AI Gateway log",
        needs="provider & tokens_out",
        input="tokens_in",
        output="tokens_out",
        cache_read=_READ,
        time="created_at",
        id="id",
        model="model",
        spend="cost",
    ),
    UsageFormat(
        name="Helicone request",
        needs="request_created_at",
        input="prompt_tokens",
        output="completion_tokens",
        cache_read="prompt_cache_read_tokens",
        cache_write="prompt_cache_write_tokens",
        total="total_tokens",
        input_excludes_cache=True,
        time="request_created_at",
        id="request_id",
        model="response_model | request_model | model",
        spend="cost_usd | cost",
    ),
    UsageFormat(
        name="LiteLLM spend log",
        needs="call_type",
        input="prompt_tokens",
        output="completion_tokens",
        cache_read=_READ,
        cache_write=_WRITE,
        total="total_tokens",
        time="start_time",
        id="request_id | id",
        model="model",
        spend="spend | response_cost",
    ),
    UsageFormat(
        name="OpenRouter generation",
        needs="native_tokens_prompt",
        input="native_tokens_prompt",
        output="native_tokens_completion",
        cache_read="native_tokens_cached",
        time="created_at",
        id="id",
        model="model",
        spend="total_cost",
    ),
    # --- clouds
    UsageFormat(
        name="Bedrock invocation log",
        input="input.input_token_count | input_token_count",
        output="output.output_token_count | output_token_count",
        needs="model_id",
        cache_read="cache_read_input_token_count",
        cache_write="cache_write_input_token_count",
        input_excludes_cache=True,
        time="timestamp",
        id="request_id",
        model="model_id",
        status="error_code",
    ),
    UsageFormat(
        name="Gemini or Vertex answer",
        input="usage_metadata.prompt_token_count + usage_metadata.tool_use_prompt_token_count"
        " | prompt_token_count + tool_use_prompt_token_count",
        output="usage_metadata.candidates_token_count | candidates_token_count",
        cache_read="cached_content_token_count",
        extra_output="thoughts_token_count",
        extra_is_apart=True,
        total="total_token_count",
        time="logging_time | create_time",
        id="request_id | response_id",
        model="model | model_version",
    ),
    UsageFormat(
        name="API Management log of Azure",
        needs="time_generated | time_generated_utc",
        input="prompt_tokens",
        output="completion_tokens",
        total="total_tokens",
        time="time_generated | time_generated_utc",
        id="correlation_id",
        model="model_name | deployment_name",
    ),
    # --- engines and their traces
    UsageFormat(name="vidur trace", input="num_prefill_tokens", output="num_decode_tokens", time="arrived_at"),
    UsageFormat(
        name="SGLang request log",
        needs="meta_info.prompt_tokens | request_received_ts",
        input="prompt_tokens",
        output="completion_tokens",
        cache_read="cached_tokens",
        time="request_received_ts | received_ts | arrival_ts | created_ts | start_ts | request_sent_to_scheduler_ts",
        id="rid | meta_info.id",
    ),
    UsageFormat(
        name="vLLM request log",
        input="num_prompt_tokens | prompt_token_count",
        output="num_generation_tokens | num_output_tokens | num_generated_tokens",
        cache_read="num_cached_tokens",
        time="arrival_time | arrival_ts",
    ),
    UsageFormat(
        name="AIPerf record",
        input="input_sequence_length.value",
        output="output_sequence_length.value",
        time="request_start_ns",
        id="x_request_id",
    ),
    UsageFormat(name="Ollama answer", input="prompt_eval_count", output="eval_count", time="created_at"),
    # --- answers of APIs, in whatever they are wrapped
    UsageFormat(
        name="Anthropic usage",
        needs="cache_read_input_tokens | cache_creation_input_tokens",
        input="usage.input_tokens | input_tokens",
        output="usage.output_tokens | output_tokens",
        cache_read="cache_read_input_tokens",
        cache_write="cache_creation_input_tokens | cache_write_input_tokens"
        " | ephemeral_5m_input_tokens + ephemeral_1h_input_tokens",
        total="total_tokens",
        input_excludes_cache=True,
        is_common=True,
    ),
    UsageFormat(
        name="OpenAI usage",
        input="prompt_tokens | prompt_token",
        output="completion_tokens | completion_token",
        cache_read=_READ,
        cache_write=_WRITE,
        extra_output=_REASONING,
        total=_TOTAL,
        is_common=True,
    ),
    UsageFormat(
        name="OpenAI Responses usage",
        input="input_tokens",
        output="output_tokens",
        cache_read=_READ,
        cache_write=_WRITE,
        extra_output=_REASONING,
        total=_TOTAL,
        input_excludes_cache=False,
        is_common=True,
    ),
    UsageFormat(
        name="usage under short names",
        input="usage.input | tokens.input | tokens.prompt | token_usage.prompt | token_usage.input | tokens.in | tokens_in"
        " | input_token_count | tokens_prompt | prompt_len | input_length | input_len",
        output="usage.output | tokens.output | tokens.completion | token_usage.completion | token_usage.output | tokens.out"
        " | tokens_out | output_token_count | tokens_completion | output_len | output_length",
        cache_read=f"{_READ} | tokens_cached | tokens.cached",
        cache_write=_WRITE,
        total=f"{_TOTAL} | usage.total | tokens.total",
        is_common=True,
    ),
)

COMMON: Mapping[str, str] = {
    "time": "start_time_unix_nano | start_ns | start_time | started_at | request_created_at | request_time | request_timestamp"
    " | request_start_ns | request_start_time | start_timestamp | arrival_time | arrived_at | time_unix_nano | timestamp"
    " | event_time | event_timestamp | logging_time | time_generated | time_generated_utc | created_at | received_at"
    " | datetime | timestamp_ms | ts | time | created | time.created | start | asctime | create_time | request_received_ts"
    " | date | prefix_time",
    "id": "request_id | x_request_id | generation_id | completion_id | call_id | span_id | run_id | id | uuid | custom_id"
    " | correlation_id",
    "model": "response_model | response.model | request_model | request.model | model | model_id | model_name | ai_model"
    " | provided_model_name | llm_model_name | deployment_name | deployment",
    "spend": "spend | cost_usd | total_cost_usd | total_cost | response_cost | cost_total | calculated_total_cost | cost",
    "provider": "ai_provider | gen_ai_provider_name | gen_ai_system | llm_provider | llm_system | custom_llm_provider | provider",
    "tier": "service_tier | processing_tier",
    "gateway_cache": "cache_hit | cached | cache_status | is_cached | from_cache",
    "parent": "parent_span_id | parent_id | parent_run_id | parent_observation_id",
    "span": "span_id | context.span_id | id | run_id",
}

STATUS_NAMES = (
    "response_status | response_status_code | status_code | http_status | http_status_code | http_response_status_code | response_code"
    " | status | state | outcome | level | finish_reason"
)
ERROR_NAMES = "error | error_code | error_message | error_type | error_str | exception | exception_type"
GOOD_FLAG_NAMES = "success | is_success | succeeded | ok | is_ok"
BAD_FLAG_NAMES = (
    "is_error | cancelled | canceled | was_cancelled | is_api_error_message | failed | is_failed | ai_is_error"
)
KIND_NAMES = (
    "run_type | call_type | span_kind | openinference_span_kind | traceloop_span_kind | gen_ai_operation_name | span_attributes_type"
    " | operation_name | operation | request_type | endpoint | url | path | route | request_uri | request_path | type | object"
    " | event | kind | mode | meta_kind | ai_operation_id | llm_request_type | api"
)
