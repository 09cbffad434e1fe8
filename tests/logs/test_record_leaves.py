"""Scalars of an object by path."""

from calculators.logs.record_leaves import leaves_and_lists, table_rows


def test_nested_keys_and_dotted_keys_are_the_same() -> None:
    for value in ({"a": {"b": {"c": 1}}}, {"a.b.c": 1}, {"a": '{"b.c": 1}'}, {"a__b__c": 1}):
        assert leaves_and_lists(value, unpack=True)[0] == {("a", "b", "c"): 1}


def test_attributes_as_a_list_are_keys() -> None:
    attributes = [
        {"key": "n", "value": {"intValue": "5"}},
        {"key": "o", "value": {"int_value": "6"}},
        {"key": "m", "value": {"kvlistValue": {"values": [{"key": "k", "value": 1}]}}},
    ]
    assert leaves_and_lists({"attributes": attributes}, unpack=True) == (
        {("attributes", "n"): "5", ("attributes", "o"): "6", ("attributes", "m", "k"): 1},
        [],
    )


def test_other_lists_are_given_back() -> None:
    assert leaves_and_lists({"a": [{"b": 1}], "c": [1, 2]}, unpack=True) == ({}, [[{"b": 1}]])


def test_usage_by_model_is_summed() -> None:
    usage = {"gpt-4.1": {"prompt_tokens": 3}, "o.5": {"prompt_tokens": 4}}
    assert leaves_and_lists({"s": {"usage": usage}}, unpack=True)[0] == {
        ("s", "usage", "prompt_tokens"): 7,
        ("s", "usage", "model"): "o.5",
    }


def test_tables() -> None:
    assert list(table_rows({"columns": ["a", "b"], "rows": [[1, 2]]}) or ()) == [{"a": 1, "b": 2}]
    assert table_rows({"a": 1, "b": [1], "c": [2]}) is None


def test_words_in_a_field_count_only_where_the_record_names_no_tokens_itself() -> None:
    said = {"time": 1, "msg": "12 input tokens, 3 output tokens"}
    assert leaves_and_lists(said, unpack=True)[0][("msg", "input_tokens")] == "12"
    for own in ({"prompt_tokens": 9}, {"usage": {"input_tokens": 9}}):
        assert leaves_and_lists(said | own, unpack=True)[0][("msg",)] == said["msg"]
