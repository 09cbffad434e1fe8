"""How many replicas and machines the peak needs, who rents them out, and what running them costs besides.

Modules in reading order:

replica_capacity  what one replica serves within the targets
machine_offers    machines to rent or own, and their price
staircase         cost of whole machines over volume
operating_costs   people, platform, migration, egress, bought servers
base_load         a fleet below the peak, the rest bought
"""
