"""Recurrent layers: a cell is its equations; one engine runs and differentiates it.

cells/                the equations: Elman, LSTM, GRU and their variants
recurrent.py          `Recurrent` runs a cell over a sequence
bidirectional.py      `Bidirectional` runs two, one from each end
multi_directional.py  sweeps over an image in four directions
engine.py             the loop over the steps and its gradient, for every cell
step.py               one step of the loop
matmuls.py            the matrix products of a step, and their gradients
dilation.py           a cell with a delay, as shorter sequences side by side
arguments.py          checks of the arguments of a call
times.py              times of steps, in float32 without loss
norm_stabilizer.py    a penalty on changes of the output's length
replacements.py       what replaces the arguments of other libraries' layers
backend.py            scan, vjp and compilation on TensorFlow, JAX and PyTorch
"""
