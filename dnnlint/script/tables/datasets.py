"""Data sets: their known sizes, how they are read, and what derived ones do to the order of the samples."""

from typing import NamedTuple

from dnnlint.script.tables import words


class DatasetSpec(NamedTuple):
    """A data set class of a library."""

    sizes: dict[str, int]  # split to number of samples, where it is fixed
    split: tuple[int, str] | None = None  # position and keyword of the argument that chooses the split
    default: str = "train"  # the split when it is not given; a boolean argument `train` means "train" or "test"
    iterable: bool = False


def _by_train(train: int, test: int, position: int = 1) -> DatasetSpec:
    return DatasetSpec({"train": train, "test": test}, (position, "train"))


def _by_split(**sizes: int) -> DatasetSpec:
    return DatasetSpec(sizes, (1, "split"))


_INDEXED = DatasetSpec({})
_STREAM = DatasetSpec({}, iterable=True)
_VISION = """ImageFolder DatasetFolder FakeData VisionDataset CelebA CocoDetection CocoCaptions VOCDetection
VOCSegmentation Cityscapes LSUN Places365 EMNIST INaturalist Caltech256 Flickr8k Flickr30k SBDataset SBU WIDERFace
Kinetics UCF101 HMDB51 Omniglot PhotoTour Sintel FlyingChairs KittiFlow Kitti FlyingThings3D LFWPeople LFWPairs
StanfordCars FGVCAircraft SUN397 CLEVRClassification CREStereo Imagenette RenderedSST2 FER2013 Country211"""

DATASETS: dict[str, DatasetSpec] = {
    "torchvision.datasets.MNIST": _by_train(60_000, 10_000),
    "torchvision.datasets.FashionMNIST": _by_train(60_000, 10_000),
    "torchvision.datasets.KMNIST": _by_train(60_000, 10_000),
    "torchvision.datasets.QMNIST": _by_train(60_000, 60_000, 3),
    "torchvision.datasets.CIFAR10": _by_train(50_000, 10_000),
    "torchvision.datasets.CIFAR100": _by_train(50_000, 10_000),
    "torchvision.datasets.USPS": _by_train(7_291, 2_007),
    "torchvision.datasets.SVHN": _by_split(train=73_257, test=26_032, extra=531_131),
    "torchvision.datasets.STL10": _by_split(train=5_000, test=8_000, unlabeled=100_000),
    "torchvision.datasets.ImageNet": _by_split(train=1_281_167, val=50_000),
    "torchvision.datasets.Food101": _by_split(train=75_750, test=25_250),
    "torchvision.datasets.Flowers102": _by_split(train=1_020, val=1_020, test=6_149),
    "torchvision.datasets.DTD": _by_split(train=1_880, val=1_880, test=1_880),
    "torchvision.datasets.GTSRB": _by_split(train=26_640, test=12_630),
    "torchvision.datasets.PCAM": _by_split(train=262_144, val=32_768, test=32_768),
    "torchvision.datasets.OxfordIIITPet": DatasetSpec({"trainval": 3_680, "test": 3_669}, (1, "split"), "trainval"),
    "torchvision.datasets.EuroSAT": DatasetSpec({"train": 27_000}),
    "torchvision.datasets.SEMEION": DatasetSpec({"train": 1_593}),
    **dict.fromkeys((f"torchvision.datasets.{name}" for name in _VISION.split()), _INDEXED),
    "datasets.IterableDataset": _STREAM,
    "webdataset.WebDataset": _STREAM,
    "webdataset.DataPipeline": _STREAM,
    "webdataset.WebLoader": _STREAM,
    "streaming.StreamingDataset": _STREAM,
    "litdata.StreamingDataset": _STREAM,
    "torchdata.nodes.Loader": _STREAM,
    "torchtext.datasets.IMDB": _STREAM,
    "torchtext.datasets.AG_NEWS": _STREAM,
    "torchtext.datasets.WikiText2": _STREAM,
    "torchtext.datasets.WikiText103": _STREAM,
    "torchtext.datasets.PennTreebank": _STREAM,
    "torchtext.datasets.Multi30k": _STREAM,
    "torchtext.datasets.SST2": _STREAM,
}
"""Data set classes by dotted name. EMNIST and CelebA are left without sizes, they have too many splits."""

CLASSES = frozenset(
    f"torchvision.datasets.{name}"
    for name in words(
        """MNIST FashionMNIST KMNIST QMNIST CIFAR10 CIFAR100 USPS SVHN STL10 ImageNet Food101 Flowers102 DTD GTSRB PCAM
    EuroSAT SEMEION ImageFolder DatasetFolder FakeData EMNIST INaturalist Caltech101 Caltech256 StanfordCars
    FGVCAircraft SUN397 Imagenette RenderedSST2 FER2013 Country211 Places365 LSUN"""
    )
)
"""Data sets whose samples are a picture and the index of its class."""

PIXELS = frozenset(
    f"torchvision.datasets.{name}" for name in words("MNIST FashionMNIST KMNIST QMNIST CIFAR10 CIFAR100")
)
"""Data sets whose attribute ``data`` holds whole numbers from 0 to 255."""

ITERABLE_BASES = frozenset(
    {
        "torch.utils.data.IterableDataset",
        "torch.utils.data.dataset.IterableDataset",
        "torch.utils.data.ChainDataset",
        "torch.utils.data.IterDataPipe",
        "torch.utils.data.datapipes.datapipe.IterDataPipe",
        "torchdata.datapipes.iter.IterDataPipe",
        "torchdata.datapipes.iter.IterableWrapper",
        "datasets.IterableDataset",
        "webdataset.WebDataset",
        "streaming.StreamingDataset",
        "litdata.StreamingDataset",
    }
)
"""Classes whose subclasses are read as a stream: shuffle=True would be an error there."""

PICTURES: dict[str, tuple[int, int, int]] = {
    **dict.fromkeys(
        (f"torchvision.datasets.{name}" for name in words("MNIST FashionMNIST KMNIST QMNIST EMNIST")), (1, 28, 28)
    ),
    **dict.fromkeys((f"torchvision.datasets.{name}" for name in words("CIFAR10 CIFAR100 SVHN")), (3, 32, 32)),
    "torchvision.datasets.STL10": (3, 96, 96),
    "torchvision.datasets.USPS": (1, 16, 16),
}
"""Channels, height and width of the pictures of data sets where all are of one size."""

INDEXED_BASES = frozenset({"torch.utils.data.Dataset", "torch.utils.data.dataset.Dataset"})
"""Classes whose subclasses are read by index, unless a base of ITERABLE_BASES stands beside."""


_TORCH_DATA = ("torch.utils.data.", "torch.utils.data.sampler.", "torch.utils.data.distributed.")
EPOCH_SAMPLERS = frozenset(
    {
        "torch.utils.data.DistributedSampler",
        "torch.utils.data.distributed.DistributedSampler",
        "torchdata.stateful_dataloader.sampler.StatefulDistributedSampler",
    }
)
"""Samplers whose order is drawn from a seed and the epoch they were told."""

SAMPLERS = EPOCH_SAMPLERS | {
    prefix + name
    for prefix in _TORCH_DATA[:2]
    for name in words("RandomSampler SequentialSampler SubsetRandomSampler WeightedRandomSampler BatchSampler")
}

GENERATORS = frozenset(
    words("numpy.random.default_rng numpy.random.RandomState numpy.random.Generator random.Random torch.Generator")
)
"""Generators of random numbers that nobody seeds anew in a worker."""

DATA_PIPES = ("IterDataPipe", "IterableWrapper")
"""Ends of the names of streams that a loader may shuffle."""


class DerivedSpec(NamedTuple):
    """A data set made of data sets."""

    order: str  # "kept": as in the sources; "shuffled": drawn once at random, the same order in every epoch
    several: bool = False  # returns a list of data sets
    argument: tuple[int, str] | None = (0, "dataset")  # the source; None: tensors or arrays


DERIVED: dict[str, DerivedSpec] = {
    "torch.utils.data.TensorDataset": DerivedSpec("kept", argument=None),
    "torch.utils.data.StackDataset": DerivedSpec("kept", argument=None),
    "torch.utils.data.Subset": DerivedSpec("kept"),  # the order of the indices given
    "torch.utils.data.ConcatDataset": DerivedSpec("kept", argument=(0, "datasets")),
    "torch.utils.data.ChainDataset": DerivedSpec("kept", argument=(0, "datasets")),
    # the parts of a random split are shuffled once, when it is made; that order then stays
    "torch.utils.data.random_split": DerivedSpec("shuffled", several=True),
    "sklearn.model_selection.train_test_split": DerivedSpec("shuffled", several=True, argument=None),
}
"""How the order of a data set follows from its sources; train_test_split(shuffle=False) keeps it."""
