"""JSON documents of a request log."""

from calculators.logs.json_documents import array_objects, json_object, json_text, leaves, line_objects, nested_keys


def test_lines_that_are_no_objects_are_skipped_and_reading_stops_at_the_count() -> None:
    assert line_objects('{"a": 1}\nnot json\n[1]\n{"a": 2}\n{"a": 3}', 2) == [{"a": 1}, {"a": 2}]


def test_an_array_is_read_up_to_the_first_element_that_is_cut_off() -> None:
    assert array_objects('[{"a": 1}, {"a": 2}, {"a": ', 10) == [{"a": 1}, {"a": 2}]


def test_keys_of_nested_objects_and_of_the_first_elements_of_lists_are_named() -> None:
    assert nested_keys({"a": {"b": 1}, "c": [{"d": 2}]}, 6) == {"a", "b", "c", "d"}
    assert nested_keys({"a": {"b": 1}}, 1) == {"a"}


def test_leaves_are_paths_with_their_value_as_text() -> None:
    assert dict(leaves({"a": {"b": 1.5}, "c": "x"}, ())) == {("a", "b"): "1.5", ("c",): "x"}


def test_a_cell_that_holds_an_object_is_read_and_any_other_is_empty() -> None:
    assert json_object('{"a": 1}') == {"a": 1}
    assert json_object("plain") == {}
    assert json_text(True) in ("true", "True")
