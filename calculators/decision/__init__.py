"""Crossover, switching values, exit signals, verdict and caveats.

Modules in reading order:

crossover           where self-hosting and an API cost the same
crossover_text      its words
curves              cost over volume, and the staircases that make it
savings             savings of self-hosting in each month ahead
signal_result       records of the exit signals
cost_signal         whether self-hosting saves money
latency_signal      whether the API misses a latency target
reliability_signal  availability and rate limits
signals             the three exit signals together
verdict_context     what compliance, signals and missing inputs add to the ranking
commitment_text     what committed spend does to the answer
choice              kind of verdict, sureness, winner and rival
verdict_text        its words
verdict             the recommendation
staffing_caveats    of the people who run a fleet
term_caveats        of terms, resale and commitments after the horizon
caveats             what a careful reader should know
varied_inputs       the inputs that can be varied, and the winning side over each
switching_values    where another side wins
switching_text      their words
traffic_doubt       whether the ranges of the traffic change the decision
traffic_doubt_text  its words
sensitivity         all of them, and when to revisit the decision
"""
