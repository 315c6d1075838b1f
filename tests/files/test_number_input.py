"""Numbers in foreign texts: read exactly, or refused in one line; never large, never slow."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regcore.files.number_input import measured_decimal, parse_count, parse_decimal, parse_float


@pytest.mark.parametrize(
    "text", ["0", "7", "5.5", "3.06532", "+1.5", ".5", "2.", "1e3", "2.5E-7", "41087.7", " 8 "]
)
def test_measurements_are_read_as_they_are_written(text: str) -> None:
    assert parse_float(text) == float(text)
    assert parse_decimal(text) == Decimal(text.strip())


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "nan", "inf", "-inf", "sNaN", "1_000", "1,5", "1,164.16", "0x10", "1e", "1.2.3",
        "1e800000000", "1e-800000000", "1e31", "1e-31", "9" * 65, "-1", "-0.5", "\u0661", "1 2",
        "1e99999999999999999999999999",
    ],
)  # fmt: skip
def test_what_is_no_measurement_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^'.* (is|has) ") as caught:
        parse_decimal(text)
    assert len(str(caught.value)) < 120


def test_what_has_to_be_asked_for() -> None:
    assert parse_float("-1.5", negative=True) == -1.5
    assert parse_float("1,164.16", thousands=True) == 1164.16
    assert parse_float("12,345,678", thousands=True) == 12345678
    for text in ("1,16", "1164,160", ",100", "1,164.16,5", "1,1640"):
        with pytest.raises(ValueError, match="is no number"):
            parse_float(text, thousands=True)


def test_a_zero_is_not_written_out_with_its_exponent() -> None:
    assert f"{parse_decimal('0e9999'):f}" == "0"


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "1e3", "\u0661", "\u00b2", "9" * 19, "x"])
def test_counts(text: str) -> None:
    assert parse_count("016") == 16
    assert parse_count(str((1 << 63) - 1)) == (1 << 63) - 1
    with pytest.raises(ValueError, match="is no count"):
        parse_count(text)
    with pytest.raises(ValueError, match="is no count of 1 or more"):
        parse_count("0", least=1)


def test_numbers_of_json() -> None:
    assert str(measured_decimal(0.1)) == "0.1"
    assert measured_decimal(16) == 16
    for value in (10**5000, float("nan"), float("inf"), -1.0, 1e300):
        with pytest.raises(ValueError, match=r"is no|is negative"):
            measured_decimal(value)


@given(st.text(alphabet="0123456789.,eE+-_nif ", max_size=80))
def test_any_text_is_a_bounded_number_or_refused(text: str) -> None:
    try:
        value = parse_decimal(text, negative=True, thousands=True)
    except ValueError:
        return
    assert value.is_finite()
    assert len(f"{value:f}") < 120
