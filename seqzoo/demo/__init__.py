"""A page on this machine on which a stranger tries the models: `seqzoo demo`.

`app` builds the page and serves it, here or as a Space of the Hugging Face Hub;
`panels` has what it shows for each kind of model, `choice` the models, `limits` what is
refused, `hosts` who may ask. It needs Gradio: `pip install "seqzoo[demo]"`.
"""
