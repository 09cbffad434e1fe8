"""Which replica configurations a scenario searches: models, precisions, GPUs and layouts."""

from calculators.catalog.base import Precision
from calculators.catalog.catalog import Catalog
from calculators.catalog.hardware import Gpu
from calculators.catalog.models import Model
from calculators.fleet.replica_layouts import Layout, wide_layouts
from calculators.performance.gpu_memory import search_settings
from calculators.performance.links import SERVER_GPUS
from calculators.performance.quantization_recipe import KV_BITS
from calculators.performance.replica import ReplicaConfig, config_weights
from calculators.scenario.gates import answers_all
from calculators.scenario.schema import Hardware, Scenario, Techniques

TENSOR_PARALLEL = (1, 2, 4, 8)
# From most to least precise; a released checkpoint is never "upcast" to sell it as something better.
_FINENESS: dict[Precision, int] = {"bf16": 16, "fp8": 8, "int8": 8, "nvfp4": 4, "mxfp4": 4, "int4": 4}


def candidate_configs(scenario: Scenario, catalog: Catalog) -> list[ReplicaConfig]:
    """Every candidate model x precision x GPU x layout that the scenario allows.

    Sorted by model id, so that the order in which candidates are listed changes nothing: numpy's rounding of a row depends
    on the rows beside it.
    """
    accepted = [catalog.model(c.model) for c in scenario.candidates if answers_all(c.gate)]
    models, techniques = sorted(accepted, key=lambda model: model.id), scenario.techniques
    gpus, configs = searched_gpus(scenario.hardware, catalog), list[ReplicaConfig]()
    for model in models:
        for precision in precisions(model, scenario):
            held = config_weights(ReplicaConfig(model, gpus[0], precision, 1)).stored_bytes
            for gpu in gpus:
                layouts = [Layout(tp) for tp in allowed_splits(gpu, techniques)]
                if techniques.parallelism:
                    layouts += wide_layouts(model, gpu, held, catalog.links)
                configs += [replica_config(model, gpu, precision, layout, techniques) for layout in layouts]
    return configs


def allowed_splits(gpu: Gpu, techniques: Techniques = Techniques()) -> tuple[int, ...]:  # noqa: B008
    """Numbers of GPUs that a replica may span: one without tensor parallelism, else powers of two within the GPU's fast
    links, which are taken to join at least the eight of a server."""
    widest = max(gpu.links.domain_gpus, SERVER_GPUS) if techniques.parallelism else 1
    return tuple(n for n in TENSOR_PARALLEL if n <= widest)


def replica_config(
    model: Model, gpu: Gpu, precision: Precision, layout: Layout | int, techniques: Techniques
) -> ReplicaConfig:
    """A replica's configuration under the scenario's techniques, `layout` or so many GPUs of tensor parallelism. Expert
    parallelism applies where the experts divide evenly over the GPUs; attention ranks always have it."""
    layout = Layout(layout) if isinstance(layout, int) else layout
    in_step = layout.tensor_parallel * layout.attention_ranks
    whole = model.shape.mlp.experts and not model.shape.mlp.experts % in_step
    return ReplicaConfig(
        model,
        gpu,
        precision,
        layout.tensor_parallel,
        attention_ranks=layout.attention_ranks,
        pipeline_stages=layout.pipeline_stages,
        kv_element_bytes=KV_BITS[techniques.kv_cache] / 8,
        expert_ranks=in_step if whole and (techniques.expert_parallelism or layout.attention_ranks > 1) else 1,
        memory=search_settings(model, techniques.speculation),
    )


def resized(config: ReplicaConfig, precision: Precision, gpus: int, techniques: Techniques) -> ReplicaConfig:
    """The replica in another precision over so many GPUs: in its own layout where the number is its own."""
    own = Layout(config.tensor_parallel, config.attention_ranks, config.pipeline_stages)
    layout = own if gpus == config.gpus_count else Layout(gpus)
    return replica_config(config.model, config.gpu, precision, layout, techniques)


def searched_gpus(hardware: Hardware, catalog: Catalog) -> list[Gpu]:
    """The GPUs that the user selected or already has, or else all but consumer cards that have a price: in the data, or typed."""
    held = {catalog.gpu(one.gpu).id for one in hardware.existing_gpus}
    if hardware.gpus:
        selected = [catalog.gpu(gpu) for gpu in hardware.gpus]
        return [*selected, *(catalog.gpu(id) for id in sorted(held - {gpu.id for gpu in selected}))]
    rented = {rent.gpu for provider in catalog.rent_providers.values() for rent in provider.rents}
    typed = {catalog.gpu(gpu).id for gpu in hardware.rent_usd_per_gpu_h}
    priced = rented | typed | {*catalog.ownership.server_usd_per_gpu}
    every = catalog.offered_gpus.values()
    return [gpu for gpu in every if gpu.id in held or (gpu.id in priced and not gpu.consumer)]


def precisions(model: Model, scenario: Scenario) -> list[Precision]:
    """The released precision and the allowed lower ones; MXFP4 only where the model was trained in it."""
    native = model.published.native_precision
    allowed = scenario.hardware.precisions if scenario.techniques.quantization else ()
    coarser = [p for p in allowed if _FINENESS[p] < _FINENESS[native] and p != "mxfp4"]
    return [native, *coarser]
