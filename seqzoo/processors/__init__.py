"""Raw input to arrays and back; a processor is saved with its model."""

from seqzoo.processors.byte_level import ByteLevelProcessor
from seqzoo.processors.characters import CharacterProcessor
from seqzoo.processors.detection import DetectionProcessor
from seqzoo.processors.encoders import EncoderProcessor
from seqzoo.processors.images import GreyImageProcessor, ImageProcessor
from seqzoo.processors.sentence_pieces import MarianProcessor
from seqzoo.processors.series import TimedSeriesProcessor
from seqzoo.processors.speech import LogMelProcessor
from seqzoo.processors.stories import StoryProcessor
from seqzoo.processors.subwords import SubwordProcessor
from seqzoo.processors.translation import TranslationProcessor

PROCESSORS = {
    cls.__name__: cls
    for cls in (
        ByteLevelProcessor,
        CharacterProcessor,
        DetectionProcessor,
        EncoderProcessor,
        GreyImageProcessor,
        ImageProcessor,
        LogMelProcessor,
        MarianProcessor,
        SubwordProcessor,
        StoryProcessor,
        TimedSeriesProcessor,
        TranslationProcessor,
    )
}
