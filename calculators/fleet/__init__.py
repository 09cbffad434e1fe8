"""How many replicas and machines the peak needs, which machines can be had, and what running them costs besides.

Modules in reading order:

capacity_text     sentences about limits and infeasible configurations
replica_layouts   how a replica may be split over GPUs and machines
candidate_configs which configurations are searched
replica_capacity  highest load of one replica within the targets
sizing            the same, remembered
owned_servers     hourly cost of a GPU in a purchased server
rent_search       which GPU prices a scenario searches, and why not the others
rent_gap          where its filters leave none
known_speed       whether a speed is measured or validated, and how far it then leads
machine_offers    machines to rent or buy, with their price
held_gpus         GPUs that the user already has
staircase         rent over volume, as whole machines are added
leading_fleets    which fleet of a group leads
plan              one fleet: its replicas, machines and rent
tuning            what tuning the engine would be worth
operating_costs   staffing, platform tooling, migration, network egress
hiring            what people still to be hired cost, and when they are ready
base_load         fleets below the peak, with overflow to an API
load_by_hour      the demand in each hour of a week, and how long each machine is needed
capacity_terms    the terms on which machines of a configuration can be had
capacity_mix      the cheapest mix of terms for a load
fleet_schedule    a fleet that is fixed, follows the hour of day, is autoscaled or scales to zero
"""
