"""Tables from outside torch: data sets of scikit-learn, whose target is a row of numbers, and tables of pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.script import arrays, fitting, flow
from dnnlint.script.code import Args, Handler
from dnnlint.script.tables import words
from dnnlint.script.values import Obj, Tensor, Tuple, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_CLASSES = words(
    """load_iris load_digits load_wine load_breast_cancer fetch_covtype fetch_olivetti_faces
        fetch_20newsgroups_vectorized make_classification make_moons make_circles make_blobs make_gaussian_quantiles
        make_hastie_10_2"""
)
_NUMBERS = words("load_boston load_diabetes fetch_california_housing make_regression make_friedman1 make_s_curve")


def _sample(name: str, classes: bool) -> Handler:
    def make(run: Interpreter, args: Args, node: Any) -> Value:
        extra = ("classes", name) if classes else None
        table = Tensor("fresh", (), run.place(node), False, name="table")
        row = Tensor("fresh", (), run.place(node), False, extra=extra, name="row")
        wanted = args.keywords.get("return_X_y")
        if name.startswith("make_") or (wanted is not None and run.truth(wanted)[0]):
            return Tuple((table, row))
        bunch = Obj("opaque", name="bunch")
        if wanted is None and not args.open:
            bunch.fields.update({"data": table, "target": row, "[data]": table, "[target]": row})
        return bunch

    return make


def _frame(run: Interpreter, args: Args, node: Any) -> Value:
    made = flow.unknown(fitting.carried(run, args))
    made.cls = arrays.FRAME
    return made


HANDLERS: dict[str, Handler] = {
    **{f"sklearn.datasets.{name}": _sample(name, True) for name in _CLASSES},
    **{f"sklearn.datasets.{name}": _sample(name, False) for name in _NUMBERS},
    **{f"pandas.{name}": _frame for name in ("read_csv", "read_excel", "read_parquet", "read_table", "DataFrame")},
}
