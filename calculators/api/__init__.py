"""What buying tokens costs: dated rates, the monthly bill, the terms of prompt caches.

Modules in reading order:

cache_terms  what each seller's prompt cache asks for and costs
bill         rates of a day, and the bill of a month
"""
