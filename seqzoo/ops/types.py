"""Names of the types in annotations; importing them imports no Keras."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]  # of NumPy
Tensor = Any  # of the Keras backend: none of the three has a type in common
Shape = tuple[int | None, ...]  # None where a size is unknown until the layer is called
