"""What serving techniques do to the verdict's fleet, and which few are worth it.

Modules in reading order:

effects     each technique with and without
exclusions  when a technique is not tried
quick_wins  what costs nothing but a change of habits
advice      the shortest list that meets the targets
"""
