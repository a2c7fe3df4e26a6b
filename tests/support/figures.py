"""A page of `/metrics` as a test reads it, through Prometheus' own parser."""

from __future__ import annotations

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from catenary import names


class Figures:
    """The samples of one scrape."""

    def __init__(self, text: str) -> None:
        self.families = {family.name: family for family in text_string_to_metric_families(text)}
        self._samples = [sample for family in self.families.values() for sample in family.samples]

    @classmethod
    async def scraped(cls, session: aiohttp.ClientSession, url: str) -> Figures:
        """Of the process whose API is at `url`."""
        async with session.get(url + names.METRICS_PATH) as answer:
            text = await answer.text()
            assert answer.status == 200, text
            return cls(text)

    def __call__(self, name: str, **labels: str) -> float | None:
        """The value of the one series of that name with these labels, and maybe others; None: there is none."""
        found = [
            sample.value for sample in self._samples if sample.name == name and labels.items() <= sample.labels.items()
        ]
        assert len(found) <= 1, f"{name} with {labels} is not one series: {found}"
        return found[0] if found else None

    def of(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        """The values of all series of that name by the values of `labels`, which have to tell them apart."""
        found = [(tuple(s.labels[label] for label in labels), s.value) for s in self._samples if s.name == name]
        assert len(dict(found)) == len(found), f"{labels} do not tell the series of {name} apart"
        return dict(found)

    def ours(self) -> set[str]:
        """The names of Catenary's families, as they stand on the page."""
        families = (f for name, f in self.families.items() if name.startswith("catenary_"))
        return {f.name + "_total" if f.type == "counter" else f.name for f in families}
