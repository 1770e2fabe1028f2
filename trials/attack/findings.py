"""What the attack found, what of it weighs, and why the rest does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    part: str
    what: str
    where: str
    # Why it is none that weighs; empty if it does.
    because: str = ""

    @property
    def weighs(self) -> bool:
        return not self.because


def distinct(findings: Iterable[Finding]) -> list[Finding]:
    """Each kind of finding once for each reason, with how many there were; those that weigh come first."""
    kinds: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        kinds.setdefault((finding.part, finding.what, finding.because), []).append(finding)
    shown = []
    for (part, what, because), alike in kinds.items():
        more = f" and {len(alike) - 1} more" if len(alike) > 1 else ""
        shown.append(Finding(part, what, alike[0].where + more, because))
    return sorted(shown, key=lambda finding: (not finding.weighs, finding.part, finding.what))


def table(findings: Sequence[Finding]) -> str:
    lines = ["| part | finding | where | why it does not weigh |", "| --- | --- | --- | --- |"]
    lines += [f"| {each.part} | {each.what} | {each.where} | {each.because or '**it does**'} |" for each in findings]
    return "\n".join(lines)
