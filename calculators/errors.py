"""What goes wrong with what people and files say. Messages are meant for the person who wrote it."""


class DataError(ValueError):
    """A data file, an upload or a scenario is wrong. Names the place, the value and a remedy."""


class UnknownId(DataError):
    """A model, GPU, provider or preset that the catalog does not hold."""
