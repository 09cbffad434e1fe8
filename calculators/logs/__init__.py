"""Every file a user can hand in, read into plain records. Knows no price and no speed.

Modules in reading order:

json_documents  objects of a log in JSON, their keys and values
usage_reading       what a file of usage says, whatever its kind
request_file        bytes and first rows of a request log
document_stream     JSON documents of a text one after the other
record_leaves       an object as scalars by path
usage_format        what an entry of the tables of formats says
tool_formats        where logs of coding agents and tracers hold what
usage_formats       where all known logs hold what
record_plan         which path of a record means what
record_words        words and numbers of a record
canonical_rows      records as canonical rows
documents           JSON of any shape as flat canonical records
request_columns     which column means what
request_mapping     which column plays which role
request_rows        rows as typed tables
request_statistics  lengths, rates and peaks
request_log         a request log into a summary
to_workload         a summary into a scenario's workload
timestamps          seconds since the epoch from whatever a log writes
prompt_log          prompts as the parts a model sees
benchmark_fields    fields of a benchmark result
benchmark_nested    GuideLLM and AIPerf
benchmark_run       results of load generators
latency_list        latencies of an API as measured
"""
