"""What was measured, printed as it comes and kept as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console


@dataclass(slots=True)
class Report:
    """Collects figures; a ratio knows what was wanted of it."""

    console: Console = field(default_factory=Console)
    ratios: list[dict[str, object]] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)

    def section(self, title: str) -> None:
        """Open a part of the report."""
        self.console.rule(title)

    def note(self, text: str) -> None:
        """Say something about how it was measured."""
        self.console.print(text, style="dim")

    def row(self, name: str, value: str) -> None:
        """Print one absolute figure, which only the ratios make comparable."""
        self.rows.append({"name": name, "value": value})
        self.console.print(f"{name:<44} {value}", highlight=False)

    def ratio(self, name: str, value: float, wanted: float) -> None:
        """Print a ratio of ours against a peer; at least `wanted` is the promise."""
        kept = value >= wanted
        self.ratios.append({"name": name, "ratio": value, "wanted": wanted, "kept": kept})
        mark = "[green]kept[/]" if kept else "[red]missed[/]"
        self.console.print(f"[bold]{name:<44}[/] {value:6.2f}  (promised ≥ {wanted:g}) {mark}")

    def save(self, path: Path) -> bool:
        """Write everything as JSON; return whether all promises were kept."""
        path.write_text(json.dumps({"ratios": self.ratios, "rows": self.rows}, indent=2))
        return all(ratio["kept"] for ratio in self.ratios)
