"""What was seen to go another way when a route stopped, beside what a model says could."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ObservedBypass:
    """What was seen to go another way when a route stopped: the short run.

    country : of the bypass of which it tells something.
    """

    mt_per_month: float
    month: str
    event: str
    source_id: str
    country: str

    def __str__(self) -> str:
        return (
            f"{self.event}, only {self.mt_per_month:.2f} Mt went another way in {self.month} "
            f"(source {self.source_id})"
        )


# Oil redirected to other routes, as the prime minister told (Kazinform, 20 May 2022).
OBSERVED_BYPASS = ObservedBypass(
    0.561, "April 2022", "When storm damage stopped two of the three CPC moorings", "OIL-045", "RU"
)
