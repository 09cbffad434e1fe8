"""Which engine, and the plan as checked commands and files.

Modules in reading order:

engine_choice  vLLM, SGLang or TensorRT-LLM, axis by axis
flag_check     whether an engine would take a command
many_machines  flags of a replica that spans several machines
commands       servers, router and benchmark as commands
scripts        shell scripts
files          Compose, Kubernetes, scripts and benchmark
"""
