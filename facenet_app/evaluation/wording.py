"""Numbers and rates as the report writes them, always with what they are out of."""

from facenet_app.comparison.evidence import decimals
from facenet_app.domain import Rate
from facenet_app.evaluation.identified import IdentificationResult, StrategyResult
from facenet_app.evaluation.verified import Headline, PointCheck

__all__ = [
    "capital",
    "cost",
    "count",
    "counts",
    "excluded",
    "exponent",
    "found",
    "interval",
    "kept",
    "level",
    "one_in",
    "percent",
    "sentence",
    "span",
    "spread",
    "with_interval",
]

_NBSP = "\N{NO-BREAK SPACE}"


def percent(share: float) -> str:
    """A share of 1 in percent, two decimals; near 0 and near 100 as many as two digits of the rest need."""
    return f"{_hundredths(share)}{_NBSP}%"


def _hundredths(share: float) -> str:
    number = 100 * share
    if number in (0, 100):
        return f"{number:.0f}"
    return f"{number:.{max(2, decimals(min(number, 100 - number)))}f}"


def level(confidence: float) -> str:
    """A confidence level: ``95 %``."""
    return f"{100 * confidence:g}{_NBSP}%"


def spread(mean: float, standard_error: float) -> str:
    """``99.40 ± 0.12 %``."""
    return f"{_hundredths(mean)}{_NBSP}±{_NBSP}{percent(standard_error)}"


def interval(rate: Rate) -> str:
    """``0.65–0.80 %``, the confidence interval."""
    return f"{_hundredths(rate.low)}–{percent(rate.high)}"


def counts(rate: Rate) -> str:
    """``32 of 3,000``."""
    return f"{rate.errors:,} of {rate.trials:,}"


def with_interval(rate: Rate) -> str:
    """``0.72 % (0.65–0.80 %; 32 of 3,000)``."""
    return f"{percent(rate.value)} ({interval(rate)}; {counts(rate)})"


def span(low: float, high: float) -> str:
    """``0.98 – 0.991``, two different numbers with three digits, or as many as tell them apart."""
    digits = next(number for number in range(3, 18) if f"{low:.{number}g}" != f"{high:.{number}g}")
    return f"{low:.{digits}g} – {high:.{digits}g}"


def count(number: float) -> str:
    """A whole number with separators."""
    return f"{int(number):,}"


def exponent(rate: float) -> str:
    """A rate as it is typed after ``--fmr``: ``1e-3``."""
    mantissa, power = f"{rate:.1e}".split("e")
    return f"{float(mantissa):g}e{int(power)}" if int(power) else f"{float(mantissa):g}"


def one_in(rate: float) -> str:
    """``1 in 1,000``."""
    return f"1 in {round(1 / rate):,}"


def sentence(words: str) -> str:
    """The words with a capital letter and a full stop."""
    return f"{capital(words).rstrip('.')}."


def capital(words: str) -> str:
    """The words with a capital letter, the others as they are."""
    return f"{words[:1].upper()}{words[1:]}"


def cost(headline: Headline) -> str:
    """What the threshold of the headline accepts and refuses, failures counted."""
    return (
        f"On this data that accepts {counts(headline.far)} comparisons of different people "
        f"and refuses {counts(headline.frr)} comparisons of the same person."
    )


def excluded(headline: Headline) -> str:
    """Which comparisons had no face, and which rates count them."""
    if not headline.excluded_mated and not headline.excluded_non_mated:
        return "A face was found for every comparison, so FAR equals FMR and FRR equals FNMR."
    return (
        f"No face was found for {headline.excluded_mated:,} mated and {headline.excluded_non_mated:,} "
        "non-mated comparisons. FAR and FRR count them as refused; FMR and FNMR leave them out."
    )


def found(result: IdentificationResult, best: StrategyResult) -> str:
    """How often the right person comes first."""
    return (
        f"With {result.gallery_size:,} people enrolled, the right person comes first for "
        f"{counts(best.rank_one)} probes of enrolled people."
    )


def kept(check: PointCheck) -> str:
    """Whether this data bears out the FMR that an operating point was made for."""
    target = check.point.target_fmr
    if target is None:
        return "given by hand: nothing was promised"
    if check.fmr.low > target:
        return "not kept: more false matches here"
    if check.fmr.high <= target:
        return "kept"
    return "not contradicted: the interval holds the target"
