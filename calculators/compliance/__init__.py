"""Which operators and products the requirements allow.

Modules in reading order:

operator_check  every requirement against every operator
residency       whether the priced product is the allowed one
assessment      what is left, and what compliance costs
"""
