"""How an entry of `usage_formats` says where a log holds what, and the names that most logs share.

A name is the tail of a path of keys, without case, dots and underscores (`usage.prompt_tokens` also names `usage_prompt_tokens`
and `body.usage.promptTokens`). "a | b" is the first of both that is there, "a + b" their sum, "x.*input*" every key of x
that contains "input", "=a.b" only a.b as written. The first entry that fits a record counts; what it does not name lies under the `COMMON` names.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from calculators.logs.request_names import GROUP_ROLES, NAMES, WHOLE_NAME_ONLY


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
    running_total: str = ""
    """A count that runs on: a record that does not raise it says the last one again."""
    is_common: bool = False
    """Known names that need no vendor's rule: flat tables of them are read without this module."""


NOWHERE = "-"
"""A role that no column of a format plays, whatever its name."""
ANY_READ = (
    "prompt_tokens_details.cached_tokens | input_tokens_details.cached_tokens | cached_input_tokens | input_cached_tokens"
    " | cache_read_input_tokens | cache_read_tokens | prompt_cache_hit_tokens | cached_prompt_tokens | prompt_cached_tokens"
    " | input_token_details.cache_read | prompt_token_details.cache_read | cached_tokens | cached_input_token_count | cache_read | cache_tokens"
)
ANY_WRITE = (
    "cache_creation_input_tokens | cache_write_input_tokens | cache_creation_tokens | cache_write_tokens"
    " | prompt_tokens_details.cache_write_tokens | input_tokens_details.cache_write_tokens | prompt_cache_creation_tokens"
    " | input_token_details.cache_creation | prompt_token_details.cache_creation | cache_creation | cache_write"
)
ANY_REASONING = (
    "completion_tokens_details.reasoning_tokens | output_tokens_details.reasoning_tokens | reasoning_tokens"
    " | reasoning_output_tokens | completion_reasoning_tokens | output_token_details.reasoning"
)
ANY_TOTAL = "total_tokens | total_token_count | tokens_total | total_units"

COMMON: Mapping[str, str] = {
    "time": "start_time_unix_nano | start_ns | start_time | started_at | request_created_at | request_time | request_timestamp"
    " | request_start_ns | request_start_time | start_timestamp | arrival_time | arrived_at | time_unix_nano | timestamp_utc"
    " | created_at_utc | time_utc | created_utc | timestamp | event_time | event_timestamp | logging_time | time_generated | time_generated_utc | created_at | received_at"
    " | datetime | timestamp_ms | ts | time | created | time.created | start | asctime | create_time | request_received_ts"
    " | date | prefix_time | event_metadata.inference_time",
    "id": "request_id | x_request_id | generation_id | completion_id | call_id | span_id | run_id | id | uuid | custom_id"
    " | correlation_id",
    "model": "response_model | response.model | request_model | request.model | model | model_id | model_name | ai_model"
    " | provided_model_name | llm_model_name | deployment_name | deployment | main_model",
    "spend": "spend | cost_usd | response_cost | cost | total_cost_usd | total_cost | cost_total | calculated_total_cost",
    "provider": "ai_provider | gen_ai_provider_name | gen_ai_system | llm_provider | llm_system | custom_llm_provider | provider",
    "tier": "service_tier | processing_tier",
    "gateway_cache": "cache_hit | cached | cache_status | is_cached | from_cache",
    "sampling_rate": "sampling_rate | sample_rate | sampling_fraction | item_count",
    "requests": "request_count | num_requests | n_requests | num_calls | n_calls | llm_calls | num_turns | requests | calls",
    "parent": "parent_span_id | parent_id | parent_run_id | parent_observation_id",
    "span": "span_id | context.span_id | id | run_id",
    "trace": "trace_id | root_trace_id | context.trace_id | ai_trace_id | root_run_id | root_span_id",
    **{role: " | ".join(name for name in NAMES[role] if name not in WHOLE_NAME_ONLY) for role in GROUP_ROLES},
}

STATUSES = (
    "response_status | response_status_code | status_code | http_status | http_status_code | http_response_status_code | response_code"
    " | status | state | outcome | level | severity | severity_text | finish_reason"
)
ERRORS = "error | error_code | error_message | error_type | error_str | exception | exception_type"
GOOD_FLAGS = "success | is_success | succeeded | ok | is_ok"
BAD_FLAGS = "is_error | cancelled | canceled | was_cancelled | is_api_error_message | failed | is_failed | ai_is_error"
KINDS = (
    "run_type | call_type | span_kind | openinference_span_kind | traceloop_span_kind | gen_ai_operation_name | span_attributes_type"
    " | operation_name | operation | request_type | endpoint | url | path | route | request_uri | request_path | type | object"
    " | event | kind | mode | meta_kind | ai_operation_id | llm_request_type | api"
)
