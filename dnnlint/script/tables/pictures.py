"""Functions that read pictures as whole numbers, and what leaves their numbers on that scale."""

from dnnlint.script.tables import words

READERS = frozenset(
    words(
        """cv2.imread cv2.imdecode PIL.Image.open imageio.imread imageio.v2.imread imageio.v3.imread skimage.io.imread
        scipy.misc.imread scipy.ndimage.imread torchvision.io.read_image torchvision.io.decode_image
        torchvision.io.image.read_image torchvision.io.decode_jpeg torchvision.io.decode_png
        torchvision.datasets.folder.default_loader torchvision.datasets.folder.pil_loader"""
    )
)
"""They return numbers from 0 to 255, or to 65535."""

MIXED_READERS = frozenset(words("tifffile.imread numpy.fromfile"))
"""They return what is stored, which may be floating-point numbers on any scale."""

KEEPING = frozenset(
    words(
        """cv2.cvtColor cv2.resize cv2.flip cv2.rotate cv2.copyMakeBorder cv2.GaussianBlur cv2.medianBlur cv2.blur
        cv2.warpAffine cv2.warpPerspective cv2.equalizeHist cv2.bitwise_not PIL.ImageOps.fit PIL.ImageOps.pad
        PIL.ImageOps.expand PIL.ImageOps.mirror PIL.ImageOps.flip PIL.ImageOps.grayscale PIL.ImageOps.exif_transpose
        PIL.ImageOps.equalize numpy.ascontiguousarray numpy.flip numpy.fliplr numpy.flipud numpy.moveaxis
        numpy.rollaxis numpy.rot90 numpy.swapaxes numpy.atleast_3d numpy.pad numpy.repeat numpy.tile"""
    )
)
"""Their result lies on the scale of their first argument."""

METHODS = frozenset(words("astype convert copy crop rotate"))
"""Methods of arrays and pictures that no tensor has, and that leave the scale as it is."""

ARRAYS = frozenset(
    words(
        """array asarray transpose expand_dims squeeze reshape float32 float64 copy from_numpy tensor FloatTensor Tensor
        as_tensor DoubleTensor numpy detach concatenate stack"""
    )
)
"""Short names of functions that copy numbers as they are."""

WHOLE = frozenset(words("uint8 uint16 int32 int16"))
"""Types to which numbers from 0 to 1 are never converted."""
