"""Every way to serve the workload, with each line of its monthly cost, before and after compliance.

Modules in reading order:

option          one option and its cost lines
scenario_check  whether the catalog knows what a scenario names
buy_and_build   APIs, hosted models, fleets and hybrids as options
shortlist       all options, and those that compliance allows
feasibility     why each model on each GPU does or does not serve
"""
