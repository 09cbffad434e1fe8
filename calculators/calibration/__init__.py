"""How far the modeled speeds can be trusted, and how a user's own benchmarks correct them.

Modules in reading order:

arrival_modes        one benchmark run by the way its requests arrive
pool_runs            runs with separate pools, or with speculative decoding
run_details          how lengths were drawn, and how old the engine is
configurations       a CSV of configurations to predict
predict              predictions for that list
own_likeness         how much of a gap other loads, configurations and models take over
own_benchmarks       corrections of the model by benchmarks of the user's servers
own_measurement      such a benchmark, from a load generator's file
own_contradictions   benchmarks that cannot both be right
own_benchmarks_text  sentences on them
field_reports        speeds that people report against the model's
memory_reports       logged memory of GPUs against the model's
accuracy             errors against published runs
pool_accuracy        errors on runs with separate pools and with drafts
technique_pairs      errors on pairs of runs with and without one technique
accuracy_text        words and sentences on them
simulator            requests through continuous batching, step by step
trace_replay         the closed form against that simulator
"""
