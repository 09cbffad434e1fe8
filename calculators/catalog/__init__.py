"""What is known: every data file as a strict, dated, sourced record, loaded once into one immutable Catalog.

Modules in reading order:

yaml_reader             a YAML file into a record, with clear complaints
hardware_and_models     GPUs and open models
prices                  API prices, GPU rents, cache rules, ownership, presets
compliance_and_signals  requirements, operators, thresholds of the exit signals
techniques              the six techniques and their rules
efficiency              fitted coefficients of the speed model
load                    the folders into one Catalog
glossary                terms, abbreviations and definitions of the screen
"""
