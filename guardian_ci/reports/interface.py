"""What a report is: a summary in, text out. No report reads a log, a file, the clock or the environment."""

from abc import ABC, abstractmethod

from guardian_ci.audit.summary import Summary


class Report(ABC):
    """One way to show a summary. The same summary always gives the same text."""

    @abstractmethod
    def render(self, summary: Summary) -> str:
        """Return the whole report, with a newline at its end unless it is empty."""
