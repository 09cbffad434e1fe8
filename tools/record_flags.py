"""Records which options an engine's own command lines take, for calculators/serving_flags.py to check against.

Run it where the engine can be imported; it needs no GPU. In an environment of its own, with a CPU build of torch:

    pip install --no-deps vllm==0.33.0 sglang==0.5.23    # then the pure-Python packages that the import asks for
    python tools/record_flags.py vllm serving_data/flags/vllm-0.33.0.yaml
    python tools/record_flags.py sglang serving_data/flags/sglang-0.5.23.yaml

The parsers are the engines' own: each main function is run up to the point where it would parse its arguments. What an
engine checks only later (formats, draft methods, keys of a JSON value) is read from the tables that it checks against.
"""

import argparse
import dataclasses
import importlib
import importlib.metadata
import sys
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any, get_args

PROBES = ("x", "0.5", "1k", "7", "{}")
SKIPPED = ("-h", "--help", "-v", "--version")


class Reached(Exception):
    """The parser that a main function was about to use."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self.parser = parser


def _reached(parser: argparse.ArgumentParser, *_: Any, **__: Any) -> Any:
    raise Reached(parser)


def parser_of(main: Callable[[], Any], argv: list[str], kind: type[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """The parser of a command, complete, without running the command."""
    before, sys.argv = kind.parse_args, argv
    kind.parse_args = _reached  # type: ignore[method-assign]
    try:
        main()
    except Reached as reached:
        return reached.parser
    finally:
        kind.parse_args = before  # type: ignore[method-assign]
    raise SystemExit(f"{' '.join(argv)}: no arguments were parsed")


def below(parser: argparse.ArgumentParser, *names: str) -> argparse.ArgumentParser:
    """A parser of a subcommand."""
    for name in names:
        commands = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
        parser = commands.choices[name]
    return parser


def value_type(action: argparse.Action) -> str:
    """What the option's own type function accepts: text, a whole number, one with a suffix, a fraction, JSON, or a JSON object."""
    convert = action.type or str
    if not callable(convert):
        return "str"
    taken = {probe for probe in PROBES if _accepts(convert, probe)}
    if "x" in taken:
        return "str"
    if "{}" in taken:
        return "json" if "7" in taken else "object"
    return _number(taken) if taken else "str"


def _number(taken: set[str]) -> str:
    if "1k" in taken:
        return "size"
    return "float" if "0.5" in taken else "int"


def _accepts(convert: Callable[[str], Any], probe: str) -> bool:
    try:
        convert(probe)
    except Exception:
        return False
    return True


def takes(action: argparse.Action) -> str:
    if action.nargs == 0:
        return "none"
    return {"?": "optional", "+": "many", "*": "any"}.get(str(action.nargs), "one")


def option(names: list[str], action: argparse.Action, later: dict[str, list[str]], keys: dict[str, list[str]]) -> str:
    """One line of YAML. `later`: values that the engine checks after parsing; `keys`: those of a JSON value."""
    fields = [f"names: [{', '.join(names)}]"]
    if (kind := takes(action)) != "one":
        fields.append(f"takes: {kind}")
    if kind != "none" and (type_name := value_type(action)) != "str":
        fields.append(f"type: {type_name}")
    choices = [str(c) for c in action.choices or () if c is not None]
    choices = next((later[name] for name in names if name in later), choices)
    if choices:
        fields.append(f"choices: [{', '.join(repr(c) for c in choices)}]")
    if accepted := next((keys[name] for name in names if name in keys), None):
        fields.append(f"keys: [{', '.join(accepted)}]")
    return f"  - {{{', '.join(fields)}}}"


def command(
    run: str, parser: argparse.ArgumentParser, later: dict[str, list[str]], keys: dict[str, list[str]]
) -> Iterable[str]:
    """A command with its options, each action once with every name it answers to, hidden ones included."""
    named: dict[int, list[str]] = {}
    actions = {}
    for name, action in parser._option_string_actions.items():
        named.setdefault(id(action), []).append(name)
        actions[id(action)] = action
    yield f"- run: {run}"
    if any(not a.option_strings and a.nargs != "A..." for a in parser._actions):
        yield "  positional: true"
    yield "  options:"
    for key, names in named.items():
        if not set(names) & set(SKIPPED):
            yield option(names, actions[key], later, keys)


def vllm_commands() -> Iterable[str]:
    platforms = importlib.import_module("vllm.platforms")
    platforms.current_platform = importlib.import_module("vllm.platforms.cpu").CpuPlatform()
    kind = importlib.import_module("vllm.utils.argparse_utils").FlexibleArgumentParser
    main = importlib.import_module("vllm.entrypoints.cli.main").main
    speculative = importlib.import_module("vllm.config.speculative")
    transfer = importlib.import_module("vllm.config.kv_transfer").KVTransferConfig
    cache = importlib.import_module("vllm.config.cache")
    methods = importlib.import_module("vllm.model_executor.layers.quantization").QUANTIZATION_METHODS
    later = {
        "--quantization": list(methods),
        "--kv-cache-dtype": list(cache.KV_CACHE_DTYPES),
        "--spec-method": sorted(_flat(speculative.SpeculativeMethod)),
    }
    keys = {
        "--speculative-config": sorted(f.name for f in dataclasses.fields(speculative.SpeculativeConfig)),
        "--kv-transfer-config": sorted(f.name for f in dataclasses.fields(transfer)),
    }
    yield from command("vllm serve", below(parser_of(main, ["vllm", "serve"], kind), "serve"), later, keys)
    bench = below(parser_of(main, ["vllm", "bench", "serve"], kind), "bench", "serve")
    yield from command("vllm bench serve", bench, {}, {})


def _flat(literal: Any) -> set[str]:
    """The values of a Literal that holds others."""
    return {str(v) for part in get_args(literal) for v in (_flat(part) if get_args(part) else {part})}


def sglang_commands() -> Iterable[str]:
    arguments = importlib.import_module("sglang.srt.server_args").ServerArgs
    algorithms = importlib.import_module("sglang.srt.speculative.spec_info").SpeculativeAlgorithm
    bench = importlib.import_module("sglang.benchmark.serving").cli_main
    server = argparse.ArgumentParser()
    arguments.add_cli_args(server)
    named = sorted({*algorithms.__members__, "NEXTN"} - {"NONE"})
    yield from command("python -m sglang.launch_server", server, {"--speculative-algorithm": named}, {})
    client = parser_of(bench, ["bench_serving"], argparse.ArgumentParser)
    yield from command("python -m sglang.benchmark.serving", client, {}, {})


def record(engine: str) -> str:
    version = importlib.metadata.version(engine)
    commands = {"vllm": vllm_commands, "sglang": sglang_commands}[engine]()
    head = (
        f"# The options of {engine} {version}, dumped from its own argument parsers by tools/record_flags.py. Do not edit.",
        f"engine: {engine}",
        f"version: {version}",
        "source: parser",
        "commands:",
    )
    foot = (
        "sources:",
        f"  parser: {{title: '{engine} {version}, its argument parsers', url: 'https://pypi.org/project/{engine}/{version}/', accessed: {date.today()}, kind: library}}",
    )
    return "\n".join((*head, *commands, *foot)) + "\n"


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(record(sys.argv[1]), encoding="utf-8")
