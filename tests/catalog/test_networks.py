"""Networks between machines."""

from calculators.catalog.catalog import Catalog


def test_a_gpu_has_one_network_at_most(live_catalog: Catalog) -> None:
    named = [gpu for network in live_catalog.links.networks for gpu in network.gpus]
    assert len(named) == len(set(named))


def test_a_port_reaches_most_of_its_rate(live_catalog: Catalog) -> None:
    links = live_catalog.links
    assert links.bytes_s("h100-sxm") == 50e9 * links.network_frac.central
    assert links.bytes_s("l4") == 0
    assert links.network("l4") is None


def test_a_network_is_slower_than_the_links_of_a_machine(live_catalog: Catalog) -> None:
    for network in live_catalog.links.networks:
        for gpu in network.gpus:
            assert network.per_gpu_gb_s * 1e9 < live_catalog.gpu(gpu).link_bytes_s


def test_a_direct_message_has_less_latency_than_one_that_is_forwarded(live_catalog: Catalog) -> None:
    links = live_catalog.links
    assert links.direct_latency_us.central < links.collective_latency_us.central < links.gather_latency_us.central
