"""Which GPU a price source means: by its machine type where the data hold that, else by family, form and memory."""

import re
from dataclasses import dataclass

from calculators.catalog.catalog import Catalog
from calculators.catalog.hardware import Gpu

SXM_SERVER_GPUS_COUNT = 8
"""Machines of this size hold SXM modules, where a GPU comes in several forms."""
_MEMORY_TOLERANCE = 0.06
_OTHER_WORDS = frozenset(
    {"nvidia", "amd", "geforce", "instinct", "tesla", "hgx", "blackwell", "server", "edition", "hbm2e", "hbm3", "hbm3e"}
)
_FORM = re.compile(r"(sxm|pcie|nvl)\d*$")
_MEMORY = re.compile(r"(\d+)\s*g(i?)b\b")


@dataclass(frozen=True, slots=True)
class _Name:
    family: str
    form: str
    memory_gb: float | None


def gpu_meant(name: str, memory_gb: float | None, gpus_per_machine: int, catalog: Catalog) -> Gpu | None:
    """The one GPU that a name fits, with its memory in GB and the size of its machine; None where none or several do."""
    asked = _parsed(name)
    fitting = [gpu for gpu in catalog.gpus.values() if _fits(asked, memory_gb, gpu)]
    if len(fitting) > 1 and gpus_per_machine >= SXM_SERVER_GPUS_COUNT:
        fitting = [gpu for gpu in fitting if _parsed(gpu.id).form == "sxm"]
    return fitting[0] if len(fitting) == 1 else None


def is_known_family(name: str, catalog: Catalog) -> bool:
    """Whether the app has a profile of a GPU of this family, whatever its form and memory."""
    family = _parsed(name).family
    return any(family == _parsed(id).family for id in catalog.gpus)


def gpu_of_machine(provider: str, instance: str, catalog: Catalog) -> Gpu | None:
    """The GPU of a machine type whose rent the data hold already."""
    known = catalog.rent_providers.get(provider)
    rents = known.rents if known else ()
    ids = {rent.gpu for rent in rents if rent.instance and machine_key(rent.instance) == machine_key(instance)}
    return catalog.gpus[ids.pop()] if len(ids) == 1 else None


def machine_key(instance: str) -> str:
    """A machine type without what is spelled in two ways: Azure's prefix and case."""
    return instance.strip().lower().removeprefix("standard_")


def _parsed(name: str) -> _Name:
    text = _MEMORY.sub(r" \1gb ", name.lower())
    words = [word for word in re.split(r"[^a-z0-9]+", text) if word and word not in _OTHER_WORDS]
    sizes = [float(word.removesuffix("gb")) for word in words if re.fullmatch(r"\d+gb", word)]
    forms = [match[1] for word in words if (match := _FORM.search(word))]
    family = "".join(_FORM.sub("", word) for word in words if not re.fullmatch(r"\d+gb", word))
    return _Name(family, forms[0] if forms else "", sizes[0] if sizes else None)


def _fits(asked: _Name, memory_gb: float | None, gpu: Gpu) -> bool:
    own = _parsed(gpu.id)
    sizes = [size for size in (asked.memory_gb, memory_gb) if size]
    is_size = all(_is_close(size, gpu) for size in sizes)
    return asked.family == own.family and is_size and asked.form in ("", own.form)


def _is_close(memory_gb: float, gpu: Gpu) -> bool:
    """Sources print the nominal memory, or what is visible."""
    nominal = re.search(r"(\d+) GB", gpu.name)
    capacities = [gpu.memory.capacity_gb, *([float(nominal[1])] if nominal else [])]
    return any(abs(capacity / memory_gb - 1) <= _MEMORY_TOLERANCE for capacity in capacities)
