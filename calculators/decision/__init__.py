"""Crossover, switching values, exit signals, verdict and caveats.

Modules in reading order:

crossover           where self-hosting and buying cost the same
switching_values    break-even value of each input
savings             what self-hosting saves in each month ahead
signal_result       what a signal says
reliability_signal  availability and rate limits
signals             the three exit signals
verdict             the recommendation and how sure it is
verdict_context     what compliance adds to it
caveats             what a careful reader should know
"""
