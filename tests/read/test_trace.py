"""A trace's spans in order, and its page."""

from __future__ import annotations

from typing import Any

from mainstem.read.trace import duration_text, page, trace_of


def row(span: str, parent: str | None, start: int, duration: int, **more: Any) -> dict[str, Any]:
    return {
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "span_id": span,
        "parent_span_id": parent,
        "service_name": "shop",
        "name": f"step {span}",
        "kind": 1,
        "start_time_unix_nano": 1_000_000 + start,
        "duration_time_unix_nano": duration,
        "status_code": 0,
        "status_message": None,
        "span_attributes": "{}",
        "events_json": "[]",
        **more,
    }


def test_children_stand_behind_their_parents_in_order_of_time() -> None:
    trace = trace_of(
        [
            row("c", "a", 50, 10),
            row("b", "a", 10, 30),
            row("d", "b", 15, 5),
            row("a", None, 0, 100),
            row("x", "gone", 5, 1),
        ]
    )
    assert [(span.span_id, span.depth) for span in trace.spans] == [
        ("a", 0), ("b", 1), ("d", 2), ("c", 1), ("x", 0),
    ]  # fmt: skip
    assert trace.duration_ns == 100
    assert [span.span_id for span in trace.spans if span.orphan] == ["x"]


def test_no_span_is_lost_where_parents_go_in_a_circle_or_spans_repeat() -> None:
    trace = trace_of([row("a", "b", 0, 1), row("b", "a", 1, 1), row("b", "a", 1, 1)])
    assert sorted(span.span_id for span in trace.spans) == ["a", "b"]


def test_a_page_shows_all_and_runs_nothing_that_a_sender_wrote() -> None:
    evil = "<script>alert(1)</script>"
    trace = trace_of(
        [
            row("a", None, 0, 2_500_000, name=evil, span_attributes='{"k": "<b>"}'),
            row("b", "a", 0, 900, status_code=2, status_message="<i>", service_name="db"),
        ]
    )
    text = page(trace)
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "&lt;b&gt;" in text
    assert 'class="failed"' in text
    assert "2.5 ms" in text


def test_durations_are_written_in_the_unit_that_fits() -> None:
    written = [duration_text(n) for n in (0, 999, 1000, 1_234_567, 59_000_000_000, 7.2e12)]
    assert written == ["0 ns", "999 ns", "1 µs", "1.23 ms", "59 s", "7,200 s"]
