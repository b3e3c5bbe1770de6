"""Raw input to arrays and back; a processor is saved with its model."""

from seqzoo.processors.translation import TranslationProcessor

PROCESSORS = {cls.__name__: cls for cls in (TranslationProcessor,)}
