"""An Evaluation as text, JSON and decision record.

Modules in reading order:

evaluation_text  text in a terminal
evaluation_json  JSON
decision_record  a frozen record
record_changes   what changed since
record_page      a record as Markdown and HTML
phase_view       prefill and decode of one replica
phase_text       words and sentences of that view
memory_text      words on where the memory of each GPU goes
memory_view      what a page shows of it
by_model         each API model's traffic decided alone
horizon_view     every option month by month, as JSON and as a file
horizon_text     sentences on totals, net present value and payback
horizon_what_if  totals and recommendation at either end of growth, and with cheaper APIs
capacity_ways    the ways to hold a fleet's capacity: on demand, reserved, spot, bought, leased, already there
outlook_view     what the months assume, with sources
confidence_text  how sure the decision is, in words
confidence_json  the same as plain values
rent_view        GPU prices that a scenario searches, and prices over time
mix_text         rows and sentences of a mix of terms and of fleets that follow the load
mix_view         load by hour, the cheapest mix of terms and its reasons
mix_json         the same as plain values
catalog_view     prices, models and offers as pages list them
"""
