"""Metrics by the words in their names: whether a higher or a lower value is the better one."""

from __future__ import annotations

import re

from dnnlint.script.tables import words

HIGHER = frozenset(
    words(
        """acc accs accuracy accuracies acc1 acc5 top1 top5 f1 fscore auc auroc auprc ap map miou iou dice bleu rouge
        psnr
        ssim precision recall mcc kappa r2 jaccard cider meteor ndcg mrr reward rewards elbo correct sensitivity
        specificity"""
    )
)
LOWER = frozenset(
    words(
        """loss losses err errs error errors cost rmse mse mae mape ppl perplexity wer cer nll fid eer lpips bpc bpd
        crossentropy"""
    )
)
_TURNED = frozenset(words("neg negative minus inv inverse inverted one"))
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+\d*|\d+")
_CHUNKS = re.compile(r"[^A-Za-z0-9]+")
_ENDS_LOWER = re.compile(r"(?:loss|losses|error|perplexity|rmse)\d*$")
_ENDS_HIGHER = re.compile(r"(?:accuracy|acc|auroc|miou)\d*$")


def parts(name: str) -> list[str]:
    """The words of a name, in small letters."""
    return [part.lower() for part in _PARTS.findall(name)]


def better(name: str) -> str | None:
    """Which values of a metric are better, by its name."""
    found = parts(name)
    whole = [chunk.lower() for chunk in _CHUNKS.split(name)]
    words_in = {*found, *whole, *[part.rstrip("0123456789") for part in found]}
    if any(part in _TURNED for part in found):
        return None
    low = any(part in LOWER or _ENDS_LOWER.search(part) for part in words_in)
    high = any(part in HIGHER or _ENDS_HIGHER.search(part) for part in words_in)
    if low and high:
        return "lower" if found[-1] in ("err", "error", "errors") else None
    return "lower" if low else "higher" if high else None
