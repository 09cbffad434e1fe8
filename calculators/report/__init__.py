"""An Evaluation as text, JSON and decision record.

Modules in reading order:

evaluation_text  text and JSON
decision_record  a frozen record, and what changed since
record_page      a record as Markdown and HTML
phase_view       prefill and decode of one replica
phase_text       words and sentences of that view
catalog_view     prices, models and offers as pages list them
"""
