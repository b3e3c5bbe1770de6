"""Convolutions.

causal.py    a dilated convolution over time that sees no later step
temporal.py  residual blocks of them: the temporal convolutional network
stems.py     an image as a grid of vectors, for vision transformers
resnet.py    residual networks, the backbone of DETR
"""
