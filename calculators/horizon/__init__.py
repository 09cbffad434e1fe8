"""The months of the plan: what every option costs month by month, when it is paid, and what that is worth today.

Modules in reading order:

finance         present value, payback, internal rate of return
purchase        what a purchased server costs, and when
hiring          when people still to be hired are paid
months          every option month by month, and its totals
mix_search      the cheapest mix of terms over the months, among all sizes of machine
mix_configs     the same among all configurations
outgrown        the month in which volume outgrows a fleet, and what would carry it
token_cost      USD per million tokens of every option
"""
