"""What the page Workload shows of a file of usage: load and spend over time, shares of models and teams, and a selector of the
traffic to use."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import streamlit as st
from plotly.graph_objects import Figure

from calculators.catalog.glossary import help_text
from calculators.catalog.short_names import told_apart
from calculators.logs.aggregate_text import width_text
from calculators.logs.request_groups import only_text
from calculators.scenario.files import UsageFile, usage_file_yaml
from calculators.scenario.usage_block import UsageBlock
from calculators.units import count, listed, percent, plural, significant, usd, usd_column
from pages.shared.figures.usage import is_dated, load_chart, share_chart, spend_chart
from pages.shared.log_upload import read_only, uploaded_id
from pages.shared.state import escape, scenario

GROUPS = {
    "model": "Model",
    "team": "Team",
    "project": "Project",
    "workspace": "Workspace",
    "key": "API key",
    "app": "Application",
    "endpoint": "Endpoint",
}
ALL = "all"
MAX_BARS = 8
EVEN_RATIO = 1.05
OTHERS = "others"

Plain = Mapping[str, Any]


def usage_charts(charts: Plain) -> None:
    """Load and spend over time, and the shares of models and teams, each under the sentence that says what it shows."""
    if (series := charts["series"]) is not None:
        per = width_text(series["step_s"]).removeprefix("1 ")
        if series["requests"] is not None or series["tokens"] is not None:
            _over_time("Load over time", load_sentence(series, per), load_chart(series, per))
        if series["spend_usd"] is not None:
            _over_time("Spend over time", spend_sentence(series, per), spend_chart(series, per))
    _split(charts)


def _over_time(title: str, sentence: str, figure: Figure) -> None:
    st.markdown(f"**{title}**")
    st.markdown(escape(sentence))
    st.plotly_chart(figure, alt=sentence, key=title.lower().replace(" ", "_"))


def load_sentence(series: Plain, per: str) -> str:
    """The busiest step of a series in a sentence."""
    name = "request" if series["requests"] is not None else "token"
    values = series[f"{name}s"]
    mean = sum(values) / len(values)
    if len(values) < 2 or not mean:
        return f"{plural(sum(values), name)} in {_one(per)}."
    busiest = max(range(len(values)), key=values.__getitem__)
    if values[busiest] < EVEN_RATIO * mean:
        return f"The load is even: {plural(mean, name)} in {_one(per)}."
    ratio = significant(values[busiest] / mean)
    return (
        f"The busiest {per}, {_moment(series, busiest)}, had {plural(values[busiest], name)}: {ratio} times the mean of "
        f"{count(mean)}."
    )


def spend_sentence(series: Plain, per: str) -> str:
    """What was spent in all, and when most."""
    values = series["spend_usd"]
    if len(values) < 2:
        return f"{usd(sum(values))} in {_one(per)}."
    most = max(range(len(values)), key=values.__getitem__)
    return f"{usd(sum(values))} in all; the most in {_one(per)} was {usd(values[most])}, {_moment(series, most)}."


def _one(per: str) -> str:
    return per if per[0].isdigit() else f"one {per}"


def _moment(series: Plain, number: int) -> str:
    at = datetime.fromisoformat(series["start"]) + timedelta(seconds=series["step_s"] * number)
    if not is_dated(series):
        if number == 0:
            return "at the start"
        return f"{significant(series['step_s'] * number / 3_600)} hours after the start"
    day = f"{at:%b} {at.day}, {at.year}"
    return f"on {day}" if series["step_s"] % 86_400 == 0 else f"on {day} at {at:%H:%M} UTC"


# --- shares --------------------------------------------------------------------------------------------------------


def _split(charts: Plain) -> None:
    """Shares by the group that the reader picks."""
    shares_of = {"model": charts["models"], **charts["groups"]}
    groups = [group for group in GROUPS if len(shares_of.get(group, ())) > (group != "model")]
    if not groups:
        return
    st.markdown("**Models**" if groups == ["model"] else "**Who uses what**")
    group = groups[0]
    if len(groups) > 1:
        picked = st.segmented_control(
            "Split by",
            groups,
            default=group,
            format_func=GROUPS.__getitem__,
            key="log_split",
            help=help_text("split of usage"),
        )
        group = picked or group
    shares = named_short(shares_of[group]) if group == "model" else shares_of[group]
    sentence = share_sentence(group, shares)
    st.markdown(escape(sentence))
    st.plotly_chart(share_chart(shown_shares(shares)), alt=sentence, key="usage_shares")
    st.dataframe(pd.DataFrame(_rows(group, shares)), hide_index=True)


def named_short(shares: Sequence[Plain]) -> list[dict[str, Any]]:
    """Shares of models under short names, as far as those differ; the name in the file stands in the table."""
    short = told_apart([share["value"] for share in shares])
    return [{**share, "value": short[share["value"]], "in_file": share["value"]} for share in shares]


def share_sentence(group: str, shares: Sequence[Plain]) -> str:
    """The value with the most tokens, or else requests, and what it has of the rest."""
    measures = shown_shares(shares)
    first = next(iter(measures))
    name = GROUPS[group] if group == "key" else GROUPS[group].lower()
    if len(shares) == 1:
        return f"All usage is of one {name}: {first}."
    parts = {kind.lower(): percent(part) for kind, part in measures[first].items()}
    most = "tokens" if "tokens" in parts else next(iter(parts), "requests")
    share = parts.pop(most, "unknown")
    beside = f", with {listed([f'{part} of the {kind}' for kind, part in parts.items()])}" if parts else ""
    return f"{first} has the most {most} of {len(shares)} {name}s ({share}){beside}."


def shown_shares(shares: Sequence[Plain]) -> dict[str, dict[str, float]]:
    """Share of requests, tokens and spend of the first values; the rest is one."""
    sums = {kind: sum(_amount(share, kind) or 0.0 for share in shares) for kind in ("Requests", "Tokens", "Spend")}
    cut = shares if len(shares) <= MAX_BARS else shares[: MAX_BARS - 1]
    shown = {share["value"]: [share] for share in cut}
    if rest := shares[len(cut) :]:
        shown.setdefault(OTHERS, []).extend(rest)
    return {
        value: {
            kind: sum(_amount(part, kind) or 0.0 for part in parts) / total
            for kind, total in sums.items()
            if total and any(_amount(part, kind) is not None for part in parts)
        }
        for value, parts in shown.items()
    }


def _amount(share: Plain, kind: str) -> float | None:
    if kind == "Tokens":
        known = [share[name] for name in ("input_tok", "output_tok") if share[name] is not None]
        return sum(known) if known else None
    amount: float | None = share["requests" if kind == "Requests" else "spend_usd"]
    return amount


def _rows(group: str, shares: Sequence[Plain]) -> list[dict[str, str]]:
    columns = {
        "Requests": "requests",
        "Input tokens": "input_tok",
        "Cached input": "cache_read_tok",
        "Output tokens": "output_tok",
        "Input p95, about": "input_p95_tok",
        "Output p95, about": "output_p95_tok",
        "Spend": "spend_usd",
    }
    known = {title: key for title, key in columns.items() if any(share[key] is not None for share in shares)}
    written = {
        title: (usd_column if key == "spend_usd" else _counts)([share[key] for share in shares])
        for title, key in known.items()
    }
    if any(share.get("in_file", share["value"]) != share["value"] for share in shares):
        written["Name in the file"] = [share["in_file"] for share in shares]
    return [
        {GROUPS[group]: share["value"]} | {title: texts[at] for title, texts in written.items()}
        for at, share in enumerate(shares)
    ]


def _counts(values: Sequence[float | None]) -> list[str]:
    return ["" if value is None else count(value) for value in values]


# --- a part of the file --------------------------------------------------------------------------------------------


def use_only(charts: Plain) -> None:
    """Reads the file again with a part of its traffic, or with all of it, while it is in the uploader."""
    choices = {group: shares for group, shares in charts["choices"].items() if len(shares) > 1}
    if not choices:
        return
    if charts["read_id"] != uploaded_id():
        if charts["only"]:
            st.caption(escape(f"Only {only_text(charts['only'])}. Upload the file again to use other traffic of it."))
        return
    used = {group: list(values) for group, values in charts["only"].items()}
    left, middle, right = st.columns([1, 3, 1], vertical_alignment="bottom")
    with left:
        group = _pick_group([group for group in GROUPS if group in choices], used, charts["read_id"])
    with middle:
        values = _pick_values(group, choices[group], used, charts["read_id"]) if group != ALL else []
    only = {group: values} if group != ALL else {}
    if only or used:
        right.button(
            "Read again",
            disabled=only == used or only.get(group) == [],
            on_click=read_only,
            args=(only,),
            key="read_only",
            help="Reads the file in the uploader again, with this traffic alone.",
        )


def workload_download(charts: Plain) -> None:
    """What was read as a small file, which brings all of it back without the log."""
    now = scenario()
    usage = UsageBlock.model_validate({name: charts[name] for name in UsageBlock.model_fields})
    st.download_button(
        "Download workload.yaml",
        lambda: usage_file_yaml(UsageFile(now.workload, now.api, usage)),
        "workload.yaml",
        "application/yaml",
        icon=":material/download:",
        key="workload_file",
        help="A small file with these figures, lists and charts: upload it instead of the log. It holds no single request.",
    )


def _pick_group(groups: Sequence[str], used: Mapping[str, Sequence[str]], read_id: str) -> str:
    options = [ALL, *groups]
    now = next(iter(used), ALL)
    picked: str = st.selectbox(
        "Use only",
        options,
        index=options.index(now) if now in options else 0,
        format_func=lambda name: "All traffic" if name == ALL else GROUPS[name],
        key=f"only_group_{read_id}",
        help=help_text("split of usage"),
    )
    return picked


def _pick_values(group: str, shares: Mapping[str, float], used: Mapping[str, Sequence[str]], read_id: str) -> list[str]:
    """Values of a group, each with its share of the tokens of the whole file."""
    return st.multiselect(
        f"{GROUPS[group]}s",
        list(shares),
        default=[value for value in used.get(group, ()) if value in shares],
        format_func=lambda value: f"{value} ({percent(shares[value])} of the tokens)" if shares[value] else value,
        key=f"only_values_{group}_{read_id}",
        help=help_text("split of usage"),
    )
