"""What buying tokens costs: dated rates, the monthly bill, the terms of prompt caches.

Modules in reading order:

rates        dated list prices of every provider, by kind of token
step_downs   cheaper models of the maker in use
model_names  the listed model behind a name of a usage file
bill         the monthly bill for a demand
bill_lines   from the list price to the bill, line by line
usage_api    models and spend of a usage file as the API in use
cache_terms  rules and prices of each provider's prompt cache
seller_terms  spend caps, prepayment and rate limits of sellers
"""
