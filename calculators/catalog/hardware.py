"""Records of hardware_profiles/gpus/*.yaml: memory, compute, links and power of one accelerator."""

from typing import Literal

from calculators.catalog.base import Id, Positive, PositiveCount, Precision, Sourced, SourcedFile
from calculators.units import BYTES_PER_GB, FLOPS_PER_TFLOPS

# --- hardware_profiles/gpus/*.yaml -------------------------------------------------------------------------------


class GpuMemory(Sourced):
    """Capacity and peak bandwidth of the GPU memory."""

    capacity_gb: Positive
    bandwidth_gb_s: Positive


class GpuCompute(Sourced):
    """Dense peak rates. Marketing sheets print the 2:4 sparse ones, twice as high: those must not come here.

    None: the hardware has no fast path for that format; the weights still save memory, the arithmetic is 16 bit.
    """

    bf16_dense_tflops: Positive
    fp8_dense_tflops: Positive | None
    int8_dense_tops: Positive | None
    fp4_dense_tflops: Positive | None


class GpuLinks(Sourced):
    """Links to other GPUs: scale-up (NVLink, Infinity Fabric) and PCIe."""

    kind: str
    per_direction_gb_s: Positive | None
    """Scale-up link of one GPU, one direction; None: PCIe only."""
    domain_gpus: PositiveCount
    """How many GPUs that link joins."""
    pcie_per_direction_gb_s: Positive | None


class GpuPower(Sourced):
    """Power limit of one GPU."""

    tdp_w: Positive


class Gpu(SourcedFile):
    """One accelerator."""

    id: Id
    name: str
    vendor: Literal["nvidia", "amd", "intel"]
    generation: Literal["ampere", "ada", "hopper", "blackwell", "cdna2", "cdna3", "cdna4", "gaudi2"]
    launched: int
    consumer: bool = False
    """A gaming card or a desktop machine: its licence or form bars data centres, so it is searched only when the user names it."""
    measured_only: bool = False
    """Kept for comparison with published measurements: never searched, offered or served on."""
    aliases: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    memory: GpuMemory
    compute: GpuCompute
    links: GpuLinks
    power: GpuPower

    @property
    def memory_bytes(self) -> float:
        return self.memory.capacity_gb * BYTES_PER_GB

    @property
    def bandwidth_bytes_s(self) -> float:
        return self.memory.bandwidth_gb_s * BYTES_PER_GB

    @property
    def link_bytes_s(self) -> float:
        """What tensor parallelism can use between GPUs of one node, per direction."""
        return (self.links.per_direction_gb_s or self.links.pcie_per_direction_gb_s or 16.0) * BYTES_PER_GB

    def dense_flops(self, precision: Precision) -> float:
        """Peak arithmetic rate for weights stored in `precision`; weight-only and missing formats compute in 16 bit."""
        native_tflops = {
            "bf16": self.compute.bf16_dense_tflops,
            "fp8": self.compute.fp8_dense_tflops,
            "int8": self.compute.int8_dense_tops,
            "int4": None,
            "nvfp4": self.compute.fp4_dense_tflops if self.vendor == "nvidia" else None,
            "mxfp4": self.compute.fp4_dense_tflops,
        }[precision]
        return (native_tflops or self.compute.bf16_dense_tflops) * FLOPS_PER_TFLOPS
