"""How fast one replica is: size, step time, queues under load, highest load within the latency targets.

Modules in reading order:

model_size           parameters, weights, KV cache and GPU memory
quantization_recipe  a precision for each class of tensors
links                messages of a replica over several machines
shape_numbers        what the speed depends on in a model's shape and in a GPU
replica              model, precision and GPUs as arrays of numbers
step_time            time of one engine step
speculation          drafting and verifying tokens
request_mix          moments of the lengths of requests
queueing             latency under load in closed form
percentiles          percentiles of TTFT and TPOT
max_load             highest load within the targets
disaggregation       separate pools for prefill and decode
phases               prefill and decode term by term, and the roofline
"""
