"""Two scenarios side by side: what differs, both answers, and the gap between them by input.

Modules in reading order:

input_values        values of inputs in words with units
differing_inputs    the inputs that differ, and a scenario with some of each
shapley             a difference divided among its causes
gap                 the gap between two totals by input
comparison          both answers and the three gaps
comparison_text     their words
comparison_json     their plain values
"""
