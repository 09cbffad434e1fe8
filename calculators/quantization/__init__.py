"""Which weights tolerate which format: evidence, scan of a checkpoint, effect on the fleet.

Modules in reading order:

rounding         weights rounded to a format
checkpoint_scan  loss of each tensor of a checkpoint
evidence         published findings, and what a recipe risks
effect           memory, speed and cost of a recipe
"""
