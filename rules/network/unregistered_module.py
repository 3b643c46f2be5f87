"""DNN207: layers that nn.Module cannot see."""

from dnnlint.evidence.script import Network
from dnnlint.rule import Findings, Rule, Severity


class UnregisteredModule(Rule):
    """Layers are kept in a plain list, tuple or dict, where `nn.Module` does not see them.

    ## Why it hurts
    `nn.Module` registers modules that are assigned to attributes, not those inside a Python container. Layers in a
    plain list are missing from `parameters()`, so the optimiser never updates them; they are missing from
    `state_dict()`, so a checkpoint does not hold them; and `.to(device)`, `.train()` and `.eval()` pass them by. The
    network still runs, with part of its weights random for ever (documentation of `torch.nn.ModuleList`).

    ## How it decides
    A class that derives from `nn.Module` stores layers in a list, tuple or dict attribute (assigned, appended or
    built by a comprehension), and the container never reaches `nn.ModuleList`, `nn.ModuleDict`, `nn.Sequential`,
    `add_module` or `register_module`.

    ## What it misses
    Containers that are handed to code that was not understood.

    ## How to silence
    Where a network is hidden on purpose, a frozen teacher for instance, write
    `# dnnlint: ignore[unregistered-module]` behind the assignment, with the reason.

    ## Related
    `missing-zero-grad`
    """

    code = "DNN207"
    level = Severity.ERROR
    message = "`self.{attribute}` of `{network}` keeps {layers} in a plain {container}"
    why = "Layers that are not registered are neither trained nor saved, nor moved to the device."
    mend = "Use {cure} in place of the {container}."

    def static(self, network: Network) -> Findings:
        for stray in network.stray:
            yield self.at(
                stray.place,
                attribute=stray.attribute.removeprefix("self."),
                network=network.name,
                layers=_listed(stray.kinds),
                container=stray.container,
                cure="`nn.ModuleDict`" if stray.container == "dict" else "`nn.ModuleList`",
            )


def _listed(kinds: tuple[str, ...]) -> str:
    """The first few kinds of layers, each once, as they were built."""
    distinct = [f"`{kind}`" for kind in dict.fromkeys(kinds)]
    shown = ", ".join(distinct[:3]) or "layers"
    return f"{shown} and others" if len(distinct) > 3 else shown
