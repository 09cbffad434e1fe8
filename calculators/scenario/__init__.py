"""What the user asks: the schema of a scenario, its link, where it starts from, and the demand it means.

Modules in reading order:

typed_prices        prices that a user types
measurement         a benchmark of the user's own server
evidence            what was measured at today's API, and what the product requires
operations          how the fleet is operated, and its cost besides GPUs
outlook             what is expected of the months ahead
schema              every input, with its label on the screen
gates               what a model may answer
link                a scenario as the text of a link
usage_block         what a workload file says of its log
files               a scenario from a YAML file
defaults            the starting case and the presets
mix                 the traffic of each API model as a scenario
demand              token rates, peak and lengths of the workload
committed_spend     what an API bill leaves unused of a commitment
traffic_range       how far the traffic's figures may be off
traffic_range_text  its words
own_prices          prices that the user typed, over the data
own_purchase        what the user knows of a purchase, over the rules of thumb
change              changes that are asked for, with labels and pages
inputs              scenario, demand and catalog as one
"""
