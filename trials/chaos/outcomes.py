"""What came of each scenario, as a table for people and for docs/reliability.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.env import BASE_DIR

PAGE = BASE_DIR / "docs" / "reliability.md"
BEGIN, END = "<!-- figures of make chaos: begin -->", "<!-- figures of make chaos: end -->"
HEAD = "| what breaks | back after, s | requests refused meanwhile | promised | lost | doubled | |"


@dataclass
class Outcome:
    name: str
    # Seconds until every kind of request was served again; None where that says nothing.
    back: float | None = None
    refused: int = 0
    promised: int = 0
    lost: int = 0
    doubled: int = 0
    # So many may be lost, since no more was promised for this.
    permitted: int = 0
    remark: str = ""
    # What should have been and was not.
    faults: list[str] = field(default_factory=list)
    skipped: bool = False

    @property
    def is_good(self) -> bool:
        return self.lost <= self.permitted and self.doubled == 0 and not self.faults


def table(outcomes: Sequence[Outcome]) -> str:
    lines = [HEAD, "| --- | --- | --- | --- | --- | --- | --- |"]
    for each in outcomes:
        if each.skipped:
            lines.append(f"| {each.name} | | | | | | not tried: {each.remark} |")
            continue
        back = "" if each.back is None else f"{each.back:.1f}"
        words = "; ".join([*(f"**{fault}**" for fault in each.faults), *([each.remark] if each.remark else [])])
        figures = " | ".join(f"{number:,}" for number in (each.refused, each.promised, each.lost, each.doubled))
        lines.append(f"| {each.name} | {back} | {figures} | {words} |")
    return "\n".join(lines)


def write(outcomes: Sequence[Outcome], when: str, page: Path = PAGE) -> None:
    """Put the table into the page, in the place of the one before. Raises SystemExit if there is no place for it."""
    text = page.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{page} has no place for the figures: {BEGIN} … {END}")
    page.write_text(f"{before}{begin}\n{when}\n\n{table(outcomes)}\n{end}{after}")
