"""Which operators and products the requirements allow.

Modules in reading order:

operator_check  every requirement against every operator
residency       whether a priced product meets the residency requirement
assessment      every operator judged and priced, and the cost of compliance
assessment_text its words
"""
