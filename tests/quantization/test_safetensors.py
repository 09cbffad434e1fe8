"""Files of a checkpoint: shards are found, and files that lie are refused."""

import json
import struct
from pathlib import Path

import pytest
from checkpoints import raw_file

from calculators.errors import DataError
from calculators.quantization.safetensors import read_header, shard_files


def test_a_damaged_file_is_refused(tmp_path: Path, model: Path) -> None:
    short = tmp_path / "short.safetensors"
    for content, why in (
        (b"", "header does not fit"),
        (b"\xff" * 16, "header does not fit"),
        (struct.pack("<Q", 4) + b"oops", "not JSON"),
        (struct.pack("<Q", 2) + b"[]", "not an object"),
        (struct.pack("<Q", 9) + b'{"a": {}}', "has no dtype"),
        (model.read_bytes()[:-10], "cut off"),
    ):
        short.write_bytes(content)
        with pytest.raises(DataError, match=why):
            read_header(short)
    huge = {"dtype": "F32", "shape": [10**9, 10**9], "data_offsets": [0, 4]}
    text = json.dumps({"w": huge}).encode()
    short.write_bytes(struct.pack("<Q", len(text)) + text + b"1234")
    with pytest.raises(DataError, match="does not fit its place"):
        read_header(short)


def test_an_index_that_is_none_or_points_elsewhere_is_refused(sharded: Path, tmp_path: Path) -> None:
    index = sharded / "model.safetensors.index.json"
    for content, why in (
        ("[]", "no weight_map"),
        ("{", "not a safetensors index"),
        ('{"weight_map": []}', "no weight_map"),
        ('{"weight_map": {}}', "0 safetensors files"),
        ('{"weight_map": {"a": "../secret.safetensors"}}', "not the name of a file beside it"),
        ('{"weight_map": {"a": 7}}', "not the name of a file beside it"),
        ('{"weight_map": {"a": "gone.safetensors"}}', "fetch all 1 shards"),
    ):
        index.write_text(content)
        with pytest.raises(DataError, match=why):
            shard_files(sharded)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="0 safetensors files"):
        shard_files(tmp_path / "empty")


@pytest.mark.parametrize(
    "entry",
    [
        '{"dtype": "F32", "shape": [1e999, 2], "data_offsets": [0, 8]}',
        '{"dtype": "F32", "shape": [1, 2], "data_offsets": [0, Infinity]}',
        '{"dtype": "F32", "shape": [1.9, 2.9], "data_offsets": [0, 8]}',
        '{"dtype": "F32", "shape": ["1", "2"], "data_offsets": [0, 8]}',
        '{"dtype": "F32", "shape": [true, 2], "data_offsets": [0, 8]}',
        '{"dtype": "F32", "shape": [-1, -2], "data_offsets": [0, 8]}',
        '{"dtype": "I64", "shape": [8589934593, 8589934591], "data_offsets": [0, 16]}',
        '{"dtype": "F32", "shape": [4294967296, 4294967296, 1], "data_offsets": [0, 0]}',
        '{"dtype": "F32", "shape": [1, 2], "data_offsets": [8, 0]}',
        '{"dtype": "F32", "shape": 3, "data_offsets": [0, 8]}',
    ],
)
def test_a_header_that_lies_is_one_clear_error(tmp_path: Path, entry: str) -> None:
    with pytest.raises(DataError, match=r"^lies.safetensors: tensor 'w'"):
        read_header(raw_file(tmp_path / "lies.safetensors", f'{{"w": {entry}}}'))


def test_tensors_that_overlap_are_refused(tmp_path: Path) -> None:
    one = '{"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}'
    other = '{"dtype": "F32", "shape": [2, 2], "data_offsets": [8, 24]}'
    with pytest.raises(DataError, match="overlaps another"):
        read_header(raw_file(tmp_path / "two.safetensors", f'{{"a": {one}, "b": {other}}}'))
    apart = other.replace("[8, 24]", "[16, 32]")
    assert len(read_header(raw_file(tmp_path / "apart.safetensors", f'{{"a": {one}, "b": {apart}}}'))) == 2


def test_the_shards_of_a_folder_are_those_of_its_index_or_all(sharded: Path) -> None:
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    index = sharded / "model.safetensors.index.json"
    assert [file.name for file in shard_files(sharded)] == [file.name for file in shard_files(index)] == names
    index.unlink()
    assert [file.name for file in shard_files(sharded)] == names
