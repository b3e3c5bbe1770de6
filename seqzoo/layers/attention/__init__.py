"""Attention.

scores.py        Bahdanau's, Luong's and other alignments with a memory
multi_head.py    several heads, with query, key and value apart
transformer.py   self-attention, encoder block
feed_forward.py  the other half of a block
decoder.py       decoder block, with attention to a memory
cache.py         keys and values of the tokens that a decoder has read
windows.py       Swin: attention in shifted windows, patch merging
"""
