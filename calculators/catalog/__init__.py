"""What is known: every data file as a strict, dated, sourced record, loaded once into one immutable Catalog.

Modules in reading order:

base              what every record has: strict fields, source, confidence, ids
yaml_reader       a YAML file into a record, with clear errors
hardware          GPUs
checkpoints       formats of released checkpoints
models            open-weights models
format_spelling   which weight format a spelling means
gpu_spelling      which GPU a spelling means
model_spelling    which model a spelling means
prices            API prices, GPU prices, cache rules, cost of ownership
rent_history      which GPU prices are current on a day, and which are history
outlook           what prices, hardware and hiring are expected to do
presets           typical workloads
compliance_rules  requirements, and facts about operators
seller_speeds     how fast API sellers answered, and their uptime
signal_rules      thresholds of the exit signals
techniques        the six techniques and their rules
quantization      tolerance of each class of tensors to each format
serving           engines, their options, and flags that conflict
launches          what an engine loses that nobody tuned
networks          networks between machines
efficiency        fitted coefficients of the throughput model
speed_rules       what formats, releases and drafts do to the speed
engine_memory     how engines divide the memory of a GPU
price_library     models with a token price
short_names       names of models, short to read
catalog           the Catalog and its look-ups
private_offers    prices of one's own over the shipped data
load              the folders into one Catalog
dedicated         prices of dedicated endpoints
load_peaks        how load spreads over a week
line_ups          sizes of each maker's closed models
retirements       when sellers stop serving a closed model
glossary          terms, abbreviations and definitions on the screen
"""
