"""Models with a token price: in the genai-prices snapshot, or in pricing_data/api."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version

from genai_prices import data_snapshot
from genai_prices.types import ClauseEquals, ClauseOr, MatchLogic, ModelInfo

from calculators.catalog.prices import ApiModel, ApiProvider

SELLER_NAMES = {
    "openai": "OpenAI",
    "anthropic": "Anthropic",
    "google": "Google",
    "aws": "AWS Bedrock",
    "x-ai": "xAI",
    "mistral": "Mistral",
    "deepseek": "DeepSeek",
    "groq": "Groq",
    "together": "Together",
    "fireworks": "Fireworks",
    "zai": "Z.AI",
    "moonshotai": "Moonshot",
    "minimax": "MiniMax",
    "ovhcloud": "OVHcloud",
    "huggingface_nebius": "Nebius (through Hugging Face)",
    "huggingface_sambanova": "SambaNova (through Hugging Face)",
    "huggingface_hyperbolic": "Hyperbolic (through Hugging Face)",
    "huggingface_nscale": "Nscale (through Hugging Face)",
    "novita": "Novita",
}


def own_model(api_providers: Mapping[str, ApiProvider], provider_id: str, model_id: str) -> ApiModel | None:
    """The model in pricing_data/api, by exact id."""
    provider = api_providers.get(provider_id)
    return next((m for m in provider.models if m.id == model_id), None) if provider else None


@cache
def library_sellers() -> tuple[str, ...]:
    """Ids of every provider in the genai-prices snapshot."""
    return tuple(provider.id for provider in data_snapshot.get_snapshot().providers)


@cache
def library_models(provider_id: str) -> Mapping[str, ModelInfo]:
    """The provider's models in the genai-prices snapshot, by exact id: its prefix matching can give an unknown name an
    older model's price, so nothing is ever looked up by a name that is not in the snapshot."""
    for provider in data_snapshot.get_snapshot().providers:
        if provider.id == provider_id:
            return {model.id: model for model in provider.models}
    return {}


def library_model(provider_id: str, model_id: str) -> ModelInfo | None:
    """The model in the genai-prices snapshot, by exact id; None where the provider does not list it."""
    return library_models(provider_id).get(model_id)


@cache
def library_names(provider_id: str) -> Mapping[str, str]:
    """Id of a provider's model by each name that the snapshot gives it word for word, in lower case."""
    models = library_models(provider_id).values()
    ids = {model.id.lower(): model.id for model in models}
    return {name.lower(): model.id for model in models for name in _names(model.match)} | ids


def _names(rule: MatchLogic) -> Iterator[str]:
    if isinstance(rule, ClauseEquals):
        yield rule.equals
    elif isinstance(rule, ClauseOr):
        for one in rule.or_:
            yield from _names(one)


@cache
def price_library_version() -> str:
    """Name and version of the installed price library."""
    return f"genai-prices {version('genai-prices')}"


def seller_name(provider: str) -> str:
    """Display name of a provider of genai-prices."""
    return SELLER_NAMES.get(provider, provider.capitalize())
