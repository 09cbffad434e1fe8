"""How far the modelled speeds can be trusted, and how a user's own benchmarks correct them.

Modules in reading order:

arrival_modes   one run of an engine by the way its requests arrive
configurations  a list of configurations to predict
predict         predictions for that list
own_benchmarks  correcting the model by the user's benchmarks
accuracy        errors against published runs
accuracy_text   words and sentences on them
simulator       requests through continuous batching, step by step
trace_replay    the closed form against that replay
"""
