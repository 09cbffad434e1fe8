"""How sure the decision is: what every input may be off by, sampled together over the whole horizon.

Modules in reading order:

spreads         how far each input may be off, and how they move together
samples         points at which everything is off at once
outcomes        what each option costs at them: how often it is the cheapest, bands, regret
findings        what finding out one input would be worth, and which inputs the gap between building and buying follows
confidence      all of it for an evaluation
"""
