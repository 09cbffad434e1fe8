"""Requests of log-normal lengths that arrive at random."""

import numpy as np

from calculators.calibration.simulator import Requests


def requests(count: int, rate_req_s: float, seed: int = 1) -> Requests:
    random = np.random.default_rng(seed)
    lengths = np.round(random.lognormal([6.5, 4.5], [0.9, 0.8], (count, 2))) + 1
    return Requests(np.cumsum(random.exponential(1 / rate_req_s, count)), lengths[:, 0], lengths[:, 1])
