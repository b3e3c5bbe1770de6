"""Raw input to arrays and back; a processor is saved with its model."""

from seqzoo.processors.characters import CharacterProcessor
from seqzoo.processors.detection import DetectionProcessor
from seqzoo.processors.images import GreyImageProcessor, ImageProcessor
from seqzoo.processors.series import TimedSeriesProcessor
from seqzoo.processors.speech import LogMelProcessor
from seqzoo.processors.stories import StoryProcessor
from seqzoo.processors.subwords import SubwordProcessor
from seqzoo.processors.translation import TranslationProcessor

PROCESSORS = {
    cls.__name__: cls
    for cls in (
        CharacterProcessor,
        DetectionProcessor,
        GreyImageProcessor,
        ImageProcessor,
        LogMelProcessor,
        SubwordProcessor,
        StoryProcessor,
        TimedSeriesProcessor,
        TranslationProcessor,
    )
}
