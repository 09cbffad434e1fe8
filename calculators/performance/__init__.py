"""How fast one replica is: size, step time, queues under load, highest load within the latency targets.

Modules in reading order:

model_size           parameters, weights, KV cache and GPU memory
format_speed         what a format costs besides its bytes
quantization_recipe  a precision for each class of tensors
links                messages of a replica over several machines
released_checkpoints  the recipe of a released checkpoint
cache_layout         what engines cache otherwise than value after value
draft_layers         layers for multi-token prediction, and what they take
gpu_memory           where the memory of a GPU goes, and what is left for the cache
shape_numbers        what the speed depends on in a model's shape and in a GPU
split_shapes         a model split over the GPUs of a replica
replica              model, precision and GPUs as arrays of numbers
memory_sum           the memory of one GPU line by line, and the KV capacity
step_time            time of one engine step
stated_range         how far off 80 of 100 measured runs of a kind were
speculation          drafting and verifying tokens
request_mix          moments of the lengths of requests
queueing             latency under load in closed form
percentiles          percentiles of TTFT and TPOT
max_load             highest load within the targets
disaggregation       separate pools for prefill and decode
phases               prefill and decode term by term, and the roofline
"""
