"""How fast one replica is: size, step time, queues under load, highest load within the latency targets.

Modules in reading order:

model_size           parameters, weights and KV cache
quantization_recipe  a weight format for each class of tensors
replica              a model on GPUs as numbers
step_time            the time of one engine step
speculation          drafts and their verification
request_mix          moments of the lengths
queueing             latency under load in closed form
percentiles          tails of TTFT and TPOT
max_load             highest load within the targets
disaggregation       separate pools for prefill and decode
phases               prefill and decode term by term, and the roofline
"""
