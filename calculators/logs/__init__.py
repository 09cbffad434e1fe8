"""Every file a user can hand in, read into plain records. Knows no price and no speed.

Modules in reading order:

json_documents  objects of a log in JSON, their keys and values
usage_questions     what a file leaves open, and what the user answered
model_usage         the share of one model
request_file        bytes and first rows of a request log
request_names       names of columns, as tables
request_columns     which column means what
request_meaning     whether input holds cached tokens, and output reasoning
request_mapping     which column plays which role
request_marks       failures, gateway caches, other calls, batches
request_rows        rows as typed tables
request_repeats     rows that say again what others say
request_statistics  lengths, rates and peaks
request_notes       notes on a log as sentences
usage_readers       readers that stand before the one of request logs
request_log         request logs into a summary
usage_reading       what a file of usage says, whatever its kind
usage_files         files of any kind into a reading
to_workload         a summary into a scenario's workload
timestamps          seconds since the epoch from whatever a log writes
prompt_log          prompts as the parts a model sees
benchmark_fields    fields of a benchmark result
benchmark_nested    GuideLLM and AIPerf
benchmark_run       results of load generators
latency_list        latencies of an API as measured
"""
