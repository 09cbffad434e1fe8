"""Every way to serve the workload, with each line of its monthly cost, before and after compliance.

Modules in reading order:

seller_uptime   what is published of the uptime of an API seller
seller_targets  whether an API seller keeps the latency targets
option          one option and its cost lines
commitment      what an option leaves unused of committed spend
context_window  whether a context window holds the workload's requests
scenario_check  whether the catalog knows what a scenario names
buy             options that buy tokens from an API
step_down       options that buy a cheaper model of the same maker
routing         easy requests to a small model, the others to a larger one
speed_range     fleets at the optimistic and pessimistic speed
build           options that self-host
shortlist       all options, and those that compliance allows
hybrid          a base-load fleet, with overflow to an API
month_path      what changes from month to month
curve_points    values of the inputs that vary
bill_curves     cost of the API options over them
fleet_costs     cost of fleets in the parts that fall at different times
cost_curves     cost of every allowed option over inputs that vary
ranking         all allowed options, cheapest first
traffic_costs   costs over the ranges of the traffic
compared_text   sentences on what is not compared, or only under a condition
what_if         the allowed options again, under changed inputs
feasibility     why each model on each GPU does or does not serve
changed_options the options again, after changes of inputs
loosenings      inputs that may be loosened, and the least that works of each
remedies        why there is no fleet, and what would help, tried
"""
