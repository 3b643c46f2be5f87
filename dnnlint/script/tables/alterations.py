"""What changes a stored sample in place, what only looks at it, and what makes samples that are held in memory."""

from dnnlint.script.tables import words
from dnnlint.script.tables.transforms import CHANCE

CHANGES = frozenset(
    words(
        """add_ sub_ mul_ div_ pow_ neg_ sqrt_ exp_ log_ normal_ uniform_ bernoulli_ addcmul_ addcdiv_ subtract_
        multiply_ divide_ lerp_ sin_ cos_ tanh_ sigmoid_ square_ reciprocal_ rsqrt_ remainder_ random_ log1p_ expm1_"""
    )
)
"""Methods in place that give something else when they are called again; clamp_ and relu_ do not."""

SETTLED = frozenset(
    words(
        "int float str bool list tuple tensor as_tensor asarray array FloatTensor LongTensor from_numpy to astype long"
    )
)
"""Conversions: done twice they give what they gave before."""

GROWTH = frozenset(words("append extend insert reverse"))
VIEWS = frozenset(
    words(
        "view reshape squeeze unsqueeze permute transpose t T flatten ravel numpy detach swapaxes unbind select narrow"
    )
)
COPIES = frozenset(words("astype copy clone float double half to long int to_numpy contiguous tolist"))
SHARING = frozenset(words("from_numpy as_tensor asarray"))
MAKERS = frozenset(
    words(
        """np.load np.array np.asarray np.stack np.concatenate np.vstack np.zeros np.ones np.random.rand np.random.randn
        np.random.normal np.random.uniform np.loadtxt np.genfromtxt np.linspace np.arange torch.load torch.stack
        torch.cat torch.tensor torch.randn torch.rand torch.from_numpy pickle.load json.load
        np.hstack np.empty np.full np.moveaxis np.transpose np.expand_dims pd.read_csv pandas.read_csv"""
    )
)

__all__ = ["CHANCE", "CHANGES", "COPIES", "GROWTH", "MAKERS", "SETTLED", "SHARING", "VIEWS"]
