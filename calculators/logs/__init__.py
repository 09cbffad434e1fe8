"""Every file a user can hand in, read into plain records. Knows no price and no speed.

Modules in reading order:

json_documents      objects of a log in JSON, their keys and values
timestamps          seconds since the epoch from whatever a log writes
cells               numbers and blanks as they are written
scratch             files and folders that go with the process
shown               what of a file may be shown
log_bytes           size, packing and encoding of a file
usage_questions     what a file leaves open, and what the user answered
usage_share         the share of one model, team or key
request_names       names of columns, as tables
group_values        names of teams and keys as they may be shown
failure_words       words of failures, yes and no in several languages
word_lists          words of several languages, as tables
column_words        words in names of columns, in several languages
money               money as files write it
request_columns     which column means what
request_file        columns and first rows of a request log
workbook            a sheet as CSV
archives            packed logs, unpacked
containers          any file as plain text or Parquet
log_lines           lines of names and values as objects
document_stream     JSON documents of a text one after the other
record_leaves       an object as scalars by path
usage_format        what an entry of the tables of formats says
tool_formats        where logs of coding agents and tracers hold what
usage_formats       where all known logs hold what
record_plan         which path of a record means what
record_words        words and numbers of a record
trace_steps         spans that repeat others, steps that no call repeats
canonical_rows      records as canonical rows
documents           JSON of any shape as flat canonical records
request_meaning     whether input holds cached tokens, and output reasoning
unknown_columns     logs that lack a time, an input or an output
request_mapping     which column plays which role
cell_expressions    a cell as tokens or time
request_marks       failures, gateway caches, other calls, batches
log_engine          the database of one read
request_signs       what all rows say of the claims of the first ones
request_rows        rows as typed tables
request_statistics  lengths, rates and peaks
load_series         load over time
growth_fit          growth of volume, where a log is long enough to tell
request_groups      requests by model, team and key
request_checks      whether a log as a whole can be right
repeat_questions    what is asked of such rows
request_steps       steps of traces that no call repeats
request_repeats     rows that say again what others say
request_counters    counts and costs that run on
request_sampling    logs of one request in many
summer_time         hours that come twice
request_notes       notes on a log as sentences
usage_readers       readers that stand before the one of request logs
request_log         request logs into a summary
usage_reading       what a file of usage says, whatever its kind
usage_headers       names and units of columns as a header says
usage_tables        tables of sums as flat rows
aggregate_columns   names of the columns of sums
aggregate_items     what the name of an item of sums tells
aggregate_formats   exports of sums, one entry each
bills               tables of money alone
aggregate_times     periods as they are written
aggregate_rows      rows of sums as amounts of a period and model
aggregate_pivots    tables with a column for each model or item
aggregate_periods   periods of sums
aggregate_overlaps  use that stands twice in files or periods
aggregate_sums      sums over the rows, by period and by model
prometheus          counters of a server as sums
aggregate_rates     rates of tokens as sums
aggregate_tables    which table of a file holds sums
lengths_and_rates   files of lengths alone, or of rates alone
peak_estimate       the peak of a week from less than that
to_workload         a summary into a scenario's workload
aggregate_text      what is said and asked about sums
aggregate_workload  sums, lengths or rates into a scenario's workload
aggregates          exports of sums as a reading
batch_errors        failed requests of a batch
usage_files         files of any kind into a reading
workload_file       what a workload file says of a reading
prompt_log          prompts as the parts a model sees
benchmark_fields    fields of a benchmark result
benchmark_nested    GuideLLM and AIPerf
benchmark_run       results of load generators
latency_list        latencies of an API as measured
"""
