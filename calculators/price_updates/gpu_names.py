"""Which GPU a price source means: by its machine type where the data hold that, else by family, form and memory."""

from calculators.catalog.catalog import Catalog
from calculators.catalog.gpu_spelling import fits, gpu_name, is_size
from calculators.catalog.hardware import Gpu

SXM_SERVER_GPUS_COUNT = 8
"""Machines of this size hold SXM modules, where a GPU comes in several forms."""
_MEMORY_TOLERANCE = 0.06


def gpu_meant(name: str, memory_gb: float | None, gpus_per_machine: int, catalog: Catalog) -> Gpu | None:
    """The one GPU that a name fits, with its memory in GB and the size of its machine; None where none or several do."""
    asked = gpu_name(name)
    fitting = [
        gpu
        for gpu in catalog.gpus.values()
        if fits(asked, gpu, _MEMORY_TOLERANCE) and is_size(memory_gb, gpu, _MEMORY_TOLERANCE)
    ]
    if len(fitting) > 1 and gpus_per_machine >= SXM_SERVER_GPUS_COUNT:
        fitting = [gpu for gpu in fitting if gpu_name(gpu.id).form == "sxm"]
    return fitting[0] if len(fitting) == 1 else None


def is_known_family(name: str, catalog: Catalog) -> bool:
    """Whether the app has a profile of a GPU of this family, whatever its form and memory."""
    family = gpu_name(name).family
    return any(family == gpu_name(id).family for id in catalog.gpus)


def gpu_of_machine(provider: str, instance: str, catalog: Catalog) -> Gpu | None:
    """The GPU of a machine type whose rent the data hold already."""
    known = catalog.rent_providers.get(provider)
    rents = known.rents if known else ()
    ids = {rent.gpu for rent in rents if rent.instance and machine_key(rent.instance) == machine_key(instance)}
    return catalog.gpus[ids.pop()] if len(ids) == 1 else None


def machine_key(instance: str) -> str:
    """A machine type without what is spelled in two ways: Azure's prefix and case."""
    return instance.strip().lower().removeprefix("standard_")
