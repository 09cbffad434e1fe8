"""Every file a user can hand in, read into plain records. Knows no price and no speed.

Modules in reading order:

json_documents  objects of a log in JSON, their keys and values
usage_reading       what a file of usage says, whatever its kind
timestamps          seconds since the epoch from whatever a log writes
cells               numbers and blanks as they are written
log_bytes           size, packing and encoding of a file
request_columns     which column means what
request_file        columns and first rows of a request log
workbook            a sheet as CSV
archives            packed logs, unpacked
containers          any file as plain text or Parquet
request_mapping     which column plays which role
cell_expressions    a cell as tokens or time
request_rows        rows as typed tables
request_statistics  lengths, rates and peaks
summer_time         hours that come twice
request_log         a request log into a summary
to_workload         a summary into a scenario's workload
prompt_log          prompts as the parts a model sees
benchmark_fields    fields of a benchmark result
benchmark_nested    GuideLLM and AIPerf
benchmark_run       results of load generators
latency_list        latencies of an API as measured
"""
