"""Tables, cards and groups of inputs of single pages, one module per page."""
