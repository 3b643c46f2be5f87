"""Transforms of samples by dotted name: random ones, those that normalise, and those that set the scale of pixels."""

from dnnlint.script.tables import words

_TORCHVISION = {
    "random": """RandomCrop RandomResizedCrop RandomSizedCrop RandomHorizontalFlip RandomVerticalFlip RandomRotation
        RandomAffine RandomPerspective RandomErasing RandomGrayscale RandomInvert RandomPosterize RandomSolarize
        RandomAdjustSharpness RandomAutocontrast RandomEqualize RandomApply RandomChoice RandomOrder ColorJitter
        AutoAugment RandAugment TrivialAugmentWide AugMix ElasticTransform RandomIoUCrop RandomZoomOut GaussianNoise
        RandomPhotometricDistort RandomChannelPermutation RandomResize RandomShortestSize ScaleJitter""",
    "plain": "Resize Scale CenterCrop Pad Grayscale ToPILImage GaussianBlur Identity FiveCrop TenCrop ToPureTensor RGB",
    "unit": "ToTensor",
    "raw": "PILToTensor ToImage ToImageTensor",
    "convert": "ConvertImageDtype ToDtype",
    "normalise": "Normalize",
    "compose": "Compose",
}
_ALBUMENTATIONS = {
    "random": """HorizontalFlip VerticalFlip Flip Transpose Rotate RandomRotate90 ShiftScaleRotate Affine RandomCrop
        RandomResizedCrop RandomSizedCrop RandomBrightnessContrast RandomBrightness RandomContrast RandomGamma
        HueSaturationValue RGBShift ColorJitter GaussNoise MotionBlur CoarseDropout Cutout GridDropout GridDistortion
        ElasticTransform OpticalDistortion RandomScale RandomFog RandomRain RandomSnow RandomShadow RandomSunFlare
        ISONoise ChannelShuffle ChannelDropout D4 SafeRotate Perspective PiecewiseAffine OneOf SomeOf""",
    "plain": "Resize CenterCrop PadIfNeeded LongestMaxSize SmallestMaxSize Crop",
    "normalise": "Normalize",
    "raw": "ToTensorV2 pytorch.ToTensorV2 pytorch.transforms.ToTensorV2",
    "unit": "ToFloat",
    "compose": "Compose Sequential",
}
_PACKAGES = {
    "torchvision.transforms.": _TORCHVISION,
    "torchvision.transforms.v2.": _TORCHVISION,
    "torchvision.transforms.transforms.": _TORCHVISION,
    "albumentations.": _ALBUMENTATIONS,
}

TRANSFORMS: dict[str, str] = {
    f"{package}{name}": kind
    for package, kinds in _PACKAGES.items()
    for kind, names in kinds.items()
    for name in words(names)
}
"""Dotted name to kind: random, plain, unit (0 to 1), raw (pixels as they are), convert, normalise, compose."""

FACTORIES = frozenset({"timm.data.create_transform", "timm.data.transforms_factory.create_transform"})
"""Functions whose argument is_training decides whether what they make is random."""

CERTAIN_AT_ONE = frozenset(
    words(
        """HorizontalFlip VerticalFlip RandomHorizontalFlip RandomVerticalFlip RandomInvert RandomGrayscale Transpose
        RandomAutocontrast RandomEqualize"""
    )
)
"""Transforms that do one thing or nothing: with p=1 they are not random."""

CHANCE = frozenset(words("random rand randn randint uniform choice gauss normal randrange integers bernoulli"))
"""Functions whose use makes a transform of the project random."""
