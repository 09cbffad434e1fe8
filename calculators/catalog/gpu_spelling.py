"""Which GPU a spelling means: by its family, its form (SXM, PCIe, NVL) and its memory, whatever else is written around them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from calculators.catalog.hardware import Gpu

_MEMORY_TOLERANCE = 0.1
"""Sources print the nominal memory, or what is visible: 192 or 180 GB of a B200."""
_OTHER_WORDS = frozenset(
    {
        *("nvidia", "amd", "intel", "habana", "geforce", "instinct", "tesla", "hgx", "dgx", "oam", "nvl36", "nvl72"),
        *("blackwell", "hopper", "ampere", "server", "edition", "generation", "gpu", "per", "tensor", "core"),
        *("hbm2", "hbm2e", "hbm3", "hbm3e", "gddr6", "gddr6x", "gddr7"),
    }
)
_FORM = re.compile(r"(sxm|pcie|nvl)\d*$")
_MEMORY = re.compile(r"(?<!\d)(\d+)[\s/-]*gi?b\b|(?<![a-z\d])(\d+)\s*g\b")
_ASIDE = re.compile(r"\([^)]*\)?")


@dataclass(frozen=True, slots=True)
class GpuName:
    """What a spelling says of a GPU; an empty form or no memory where it does not say."""

    family: str
    form: str
    memory_gb: float | None


def gpu_name(text: str) -> GpuName:
    """Family, form and memory in a spelling: "NVIDIA A100-SXM4-80GB" is an a100, sxm, 80."""
    spaced = _MEMORY.sub(lambda size: f" {size[1] or size[2]}gb ", text.lower().replace("_", " "))
    words = [word for word in re.split(r"[^a-z0-9]+", spaced) if word and word not in _OTHER_WORDS]
    sizes = [float(word.removesuffix("gb")) for word in words if re.fullmatch(r"\d+gb", word)]
    forms = [match[1] for word in words if (match := _FORM.search(word))]
    family = "".join(_FORM.sub("", word) for word in words if not re.fullmatch(r"\d+gb", word))
    return GpuName(family, forms[0] if forms else "", sizes[0] if sizes else None)


def fits(asked: GpuName, gpu: Gpu, tolerance: float = _MEMORY_TOLERANCE) -> bool:
    """Whether nothing that the spelling says speaks against the GPU."""
    own = gpu_name(gpu.id)
    return asked.family == own.family and asked.form in ("", own.form) and is_size(asked.memory_gb, gpu, tolerance)


def is_size(memory_gb: float | None, gpu: Gpu, tolerance: float = _MEMORY_TOLERANCE) -> bool:
    """Whether a memory in GB is the GPU's, nominal or visible; True where it is not known."""
    nominal = re.search(r"(\d+) GB", gpu.name)
    capacities = [gpu.memory.capacity_gb, *([float(nominal[1])] if nominal else [])]
    return memory_gb is None or any(abs(capacity / memory_gb - 1) <= tolerance for capacity in capacities)


@dataclass(frozen=True, slots=True)
class GpuNames:
    """Every name of every GPU: ids by what the names say, and the GPUs."""

    by_name: Mapping[GpuName, str]
    gpus: Mapping[str, Gpu]

    def find(self, text: str) -> str | None:
        """The id of the GPU that the spelling means; None where it means none or several. Where a family has several, its bare
        name among the aliases decides: that of the SXM module with the larger memory."""
        spellings = (gpu_name(text), gpu_name(_ASIDE.sub(" ", text)))
        return next((id for spelling in spellings if (id := self._fitting(spelling))), None)

    def nearest(self, text: str) -> str | None:
        """The id of a GPU of the same family, by its bare name where it has several; None where the family is not known."""
        family = gpu_name(_ASIDE.sub(" ", text)).family
        own = [gpu_name(id).family for id in self.gpus]
        same = [known for known in own if _is_same_family(family, known)]
        return self._fitting(GpuName(max(same, key=len), "", None)) if same else None

    def _fitting(self, asked: GpuName) -> str | None:
        if asked in self.by_name:
            return self.by_name[asked]
        fitting = [id for id, gpu in self.gpus.items() if fits(asked, gpu)]
        usual = self.by_name.get(GpuName(asked.family, "", None))
        return fitting[0] if len(fitting) == 1 else usual if usual in fitting else None


def names_of_gpus(gpus: Mapping[str, Gpu], problems: list[str]) -> GpuNames:
    """The names of GPUs. One that means two of them is added to `problems`."""
    by_name: dict[GpuName, str] = {}
    for id, name in _every_name(gpus.values()):
        if (other := by_name.setdefault(gpu_name(name), id)) != id:
            problems.append(f"{id}.yaml: aliases: '{name}' already names {other}; an alias has one owner")
    return GpuNames(by_name, gpus)


def _every_name(gpus: Iterable[Gpu]) -> Sequence[tuple[str, str]]:
    return [(gpu.id, name) for gpu in gpus for name in (gpu.id, gpu.name, *gpu.aliases)]


def _is_same_family(family: str, known: str) -> bool:
    """Whether one continues the other and both have the same numbers: "h100smx" and "mi300", but not "a1" or "b100"."""
    numbers = re.findall(r"\d+", family) == re.findall(r"\d+", known)
    return bool(family) and numbers and (family.startswith(known) or known.startswith(family))
