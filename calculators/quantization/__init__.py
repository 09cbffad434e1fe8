"""Which weights tolerate which format: evidence, scan of a checkpoint, effect on the fleet.

Modules in reading order:

evidence         published tolerance of each class of tensors
recipe_risk      what the evidence says of a recipe
recipe_choices   recipes and formats to choose from
effect           memory, speed and cost of a recipe
recipe_text      risk and effect in words
rounding         weights rounded to a format
safetensors      tensors of a checkpoint's files
checkpoint_scan  loss of each tensor of a checkpoint
scan_text        the scan in words and as a table
"""
