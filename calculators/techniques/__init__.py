"""What serving techniques do to the verdict's fleet, and which few are worth it.

Modules in reading order:

fleets        the cheapest fleet for a set of techniques
fleets_text   one fleet compared with another, in words
effects       each technique with and without
effects_text  what each effect means, in words
design        how a fleet could serve, and one change to it
exclusions    when a technique is not tried
advice        the shortest list that meets the targets
advice_text   the list as a headline
quick_wins    what costs nothing but a change of habits
"""
