"""What buying tokens costs: dated rates, the monthly bill, the terms of prompt caches.

Modules in reading order:

rates        dated list prices of every provider, by kind of token
bill         the monthly bill for a demand
cache_terms  rules and prices of each provider's prompt cache
"""
