"""How far the modeled speeds can be trusted, and how a user's own benchmarks correct them.

Modules in reading order:

arrival_modes        one benchmark run by the way its requests arrive
pool_runs            runs with separate pools, or with speculative decoding
run_details          how lengths were drawn, and how old the engine is
configurations       a CSV of configurations to predict
predict              predictions for that list
own_measurement      a measurement of the user's servers, from a load generator's file
own_benchmarks       corrections of the model by such measurements
own_benchmarks_text  sentences on them
field_reports        speeds that people report against the model's
memory_reports       logged memory of GPUs against the model's
accuracy             errors against published runs
accuracy_text        words and sentences on them
simulator            requests through continuous batching, step by step
trace_replay         the closed form against that simulator
"""
