"""Build or buy LLM inference: pure calculations over dated data. `evaluate(scenario, catalog)` is the one entry."""
