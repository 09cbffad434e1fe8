"""What a prefix cache finds in real prompts, and what order of the prompt finds more.

Modules in reading order:

tokenizer        tokens offline
order            blocks of a prompt and their best order
segments         prompts cut into comparable pieces
sessions         conversations in a log
scan             shared prefixes in real prompts
cache_breakers   what breaks the prefix cache first
cache_simulator  a log of block hashes through a cache
hit_rates        a prompt log through a cache
worth            monthly cost of either side at a hit rate
seller_rules     prompt-cache rules of every seller as a table
order_text       sentences on a prompt's order
report           a scan as values and text
"""
