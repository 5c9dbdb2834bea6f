"""The worked example of the documentation loads as it stands."""

from __future__ import annotations

import re
from pathlib import Path

from toolkit.instrument import codebook, load_instrument, parse

PAGE = Path(__file__).resolve().parents[2] / "docs" / "instruments.md"


def test_the_worked_example_loads_and_means_what_the_page_says(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    path = tmp_path / "canteen.yaml"
    path.write_text(example, encoding="utf-8")
    canteen = load_instrument(path)
    assert canteen["good"].codes_of("favourable") == ("4", "5")
    assert set(codebook(canteen)["variable"]) == {"eats", "good", "why_price", "why_queue", "why_none"}


def test_every_routing_example_is_in_the_language() -> None:
    routing = PAGE.read_text(encoding="utf-8").partition("## Routing")[2]
    examples = re.findall(r"^    ask_if: (.+)$", routing, flags=re.MULTILINE)
    assert len(examples) == 3
    assert all(parse(example).names for example in examples)
