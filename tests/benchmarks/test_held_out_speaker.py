"""Whom the unheard speaker's model has heard."""

from benchmarks.held_out_speaker import part_without, table
from seqzoo.data import part_by_take, toy_recordings


def test_a_held_out_speaker_is_the_test_and_nothing_else():
    recordings = toy_recordings(600)
    speaker = recordings[0].speaker
    part = part_without(speaker)
    for each in recordings:
        by_take = part_by_take(each)
        others = None if by_take == "test" else by_take
        assert part(each) == ("test" if each.speaker == speaker else others)
    assert {part(each) for each in recordings} == {"train", "validation", "test", None}


def test_the_table_ends_with_the_mean_over_speakers():
    rows = {
        "b": {"accuracy": 80.0, "recordings": 500},
        "a": {"accuracy": 90.0, "recordings": 500},
    }
    *_, first, second, mean = table(rows).splitlines()
    assert first.startswith("| a | 90.0") and second.startswith("| b | 80.0")
    assert mean == "| mean of 2 | 85.0 | 1,000 |"
