"""The curves of a training."""

import pytest

from seqzoo import plot
from seqzoo.plot.training import _training_figure


def test_the_log_of_a_training_becomes_one_panel_a_quantity(tmp_path):
    log = tmp_path / "train_log.csv"
    log.write_text(
        "epoch,step,loss,validation_loss,validation_bleu\n1,9,3,4,\n2,18,2,3,20.5\n"
    )
    columns = {
        "epoch": [1.0, 2.0],
        "loss": [3.0, 2.0],
        "validation_loss": [4.0, 3.0],
        "validation_bleu": [float("nan"), 20.5],
    }
    figure = _training_figure(columns, "epoch", list(columns)[1:])
    loss, bleu = figure.axes
    assert [line.get_label() for line in loss.lines] == ["training", "validation"]
    assert [line.get_xydata().tolist() for line in bleu.lines] == [[[2.0, 20.5]]]
    one = plot.plot_training(log, tmp_path / "one.png")
    two = plot.plot_training(log, tmp_path / "two.png")
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize(
    "text", ["", "epoch\n1\n", "epoch,loss\n", "epoch,loss\n1,x\n", "epoch,step\n1,1"]
)
def test_a_log_without_curves_is_refused(tmp_path, text):
    log = tmp_path / "train_log.csv"
    log.write_text(text)
    with pytest.raises(ValueError, match="at least one column of numbers"):
        plot.plot_training(log, tmp_path / "a.png")
