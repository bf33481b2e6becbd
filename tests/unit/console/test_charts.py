"""Columns fill the drawing by the greatest day, parts stand on each other, and what is there is seen."""

from ringfence.console.charts import HEIGHT, WIDTH, stacked


def test_parts_stand_on_each_other_up_to_the_greatest_day() -> None:
    chart = stacked("Texts", ("sent", "received"), [("2026-01-01", (1, 3)), ("2026-01-02", (0, 2))])
    assert (chart.most, chart.first, chart.last) == ("4", "2026-01-01", "2026-01-02")
    sent, received, next_day = chart.bars
    assert (sent.y + sent.height, received.y, received.height) == (HEIGHT, 0, 3 * HEIGHT // 4)
    assert received.y + received.height == sent.y
    assert (next_day.words, next_day.height, next_day.x) == ("2026-01-02: 2 received", HEIGHT // 2, WIDTH // 2)


def test_one_of_many_is_seen_and_nothing_is_not_drawn() -> None:
    chart = stacked("Calls", ("connected",), [("a", (1,)), ("b", (1_000_000,)), ("c", (0,))])
    assert [bar.height for bar in chart.bars] == [1, HEIGHT]
    assert stacked("Calls", ("connected",), [("a", (0,))]).bars == []
