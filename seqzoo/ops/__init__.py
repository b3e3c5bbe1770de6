"""Pure functions of tensors: no weights, any Keras backend."""
