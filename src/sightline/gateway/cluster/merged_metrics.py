"""What several gateways are scraped for, as one: each sample says which gateway it is of."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["UP", "merged"]

UP = "sightline_gateway_up"

_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(\{)?")


def merged(expositions: Mapping[int, bytes | None]) -> bytes:
    """One text for Prometheus (text format 0.0.4) of those of the gateways, by number, each sample with the label
    `gateway`; `sightline_gateway_up` is 0 for one of which there is none.

    >>> one = b"# HELP a An a.\\n# TYPE a counter\\na 1\\na{b=\\"c\\"} 2\\n"
    >>> print(merged({1: one, 2: None}).decode(), end="")
    # HELP a An a.
    # TYPE a counter
    a{gateway="1"} 1
    a{gateway="1",b="c"} 2
    # HELP sightline_gateway_up Whether the gateway could be asked
    # TYPE sightline_gateway_up gauge
    sightline_gateway_up{gateway="1"} 1
    sightline_gateway_up{gateway="2"} 0
    """
    families: dict[str, tuple[list[str], list[str]]] = {}
    for number, exposition in expositions.items():
        if exposition is not None:
            _add(families, exposition.decode(), number)
    lines = [line for head, samples in families.values() for line in (*head, *samples)]
    lines += [f"# HELP {UP} Whether the gateway could be asked", f"# TYPE {UP} gauge"]
    lines += [
        f'{UP}{{gateway="{number}"}} {int(exposition is not None)}'
        for number, exposition in expositions.items()
    ]
    return ("\n".join(lines) + "\n").encode()


def _add(families: dict[str, tuple[list[str], list[str]]], exposition: str, number: int) -> None:
    name, is_new = "", False
    for line in exposition.splitlines():
        if line.startswith(("# HELP ", "# TYPE ")):
            said = line.split(" ", 3)[2]
            if said != name:
                name, is_new = said, said not in families
            head, _ = families.setdefault(name, ([], []))
            if is_new:
                head.append(line)
        elif line and not line.startswith("#"):
            families.setdefault(name, ([], []))[1].append(_labelled(line, number))


def _labelled(sample: str, number: int) -> str:
    found = _SAMPLE.match(sample)
    if found is None:
        return sample
    name, rest = found[1], sample[found.end() :]
    return f'{name}{{gateway="{number}",{rest}' if found[2] else f'{name}{{gateway="{number}"}}{rest}'
