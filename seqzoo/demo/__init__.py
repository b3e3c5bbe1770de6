"""A page on this machine on which a stranger tries the models: `seqzoo demo`.

`app` builds the page and serves it, here or as a Space of the Hugging Face Hub;
`panels` has what it shows for each kind of model, `models` the models, `validation`
what is refused, `security` who may ask. Needs Gradio: `pip install "seqzoo[demo]"`.
"""
