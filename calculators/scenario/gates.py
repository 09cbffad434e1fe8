"""What a model may answer, by what the user's evaluation says of it."""

from calculators.scenario.schema import Gate


def answers_all(gate: Gate) -> bool:
    """Whether a model of this quality may answer every request."""
    return gate in ("accepted", "assumed")


def answers_easy_only(gate: Gate) -> bool:
    """Whether a model of this quality may answer easy requests and no others."""
    return gate == "easy_only"
