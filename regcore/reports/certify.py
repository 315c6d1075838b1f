"""A certificate as JSON, and for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

from regcore.counted import agreeing, counted
from regcore.evaluation.verdict import Outcome
from regcore.reports.printable import printable
from regcore.schemas import Format, json_form
from regcore.schemas.fields import Count, Positive, Sha256, as_dict, described
from regcore.trust.certify.canary import CanaryResult
from regcore.trust.certify.evidence_form import Finding, Subject
from regcore.trust.certify.findings import Mark
from regcore.trust.certify.session import Certificate

if TYPE_CHECKING:
    from rich.table import Table

_NAMED = 10

Row = tuple[str, str]


@dataclass(frozen=True)
class CertifyForm:
    """Whether a port is as accurate as its reference, by as few images as that took.

    Drops are in percentage points, over the whole set of images.
    """

    format: Format
    outcome: Annotated[Outcome, described("UNDECIDED until one of the others is certain enough.")]
    finding: Annotated[Finding, described("What the test says of the images that were drawn.")]
    images: Annotated[Positive, described("Of the whole set.")]
    margin: Annotated[str, described("The drop that passes, as it was asked for.")]
    margin_points: Annotated[float, Meta(ge=0), described("The same in percentage points.")]
    alpha: Annotated[
        float, Meta(ge=0, le=1), described("The probability of a wrong verdict, at most.")
    ]
    seed: Annotated[Count, described("Of the order of drawing.")]
    order: Annotated[Sha256, described("Of the names in this order.")]
    port: Annotated[Subject, described("What is judged.")]
    reference: Annotated[Subject, described("What counts as right.")]
    canary: Annotated[
        CanaryResult | None,
        described("The alarm, which is no part of the test; null where there were no canaries."),
    ]
    alarm: Annotated[bool, described("Whether the canaries gave one.")]
    lost: Annotated[tuple[str, ...], described("Images right by the reference, wrong by the port.")]
    won: Annotated[tuple[str, ...], described("The reverse.")]
    failed: Annotated[
        tuple[str, ...],
        described("Images that were not evaluated; they count against either verdict."),
    ]
    history: Annotated[tuple[Mark, ...], described("How far it was after some images.")]
    evidence: Annotated[str, described("The file that names every image that was drawn.")]
    seal: Annotated[Sha256, described("The chain of its last line, which stands for all of it.")]


def to_dict(certificate: Certificate, evidence: Path) -> dict[str, Any]:
    """A certificate for machines."""
    head, finding = certificate.head, certificate.finding
    form = CertifyForm(
        format=json_form("certify"),
        outcome=finding.outcome,
        finding=finding,
        images=head.images,
        margin=head.margin,
        margin_points=head.margin_points,
        alpha=head.alpha,
        seed=head.seed,
        order=head.order,
        port=head.port,
        reference=head.reference,
        canary=certificate.canary,
        alarm=certificate.canary is not None and certificate.canary.alarm,
        lost=certificate.lost,
        won=certificate.won,
        failed=certificate.failed,
        history=certificate.history,
        evidence=str(evidence),
        seal=certificate.seal,
    )
    return as_dict(form)


def headline(found: Mapping[str, Any]) -> str:
    """`PASS after 3,120 of 50,000 images`; found: a certificate in its form for machines."""
    finding = found["finding"]
    of = counted(found["images"], "image", form=",")
    were = counted(found["images"], "image was", "images were", form=",")
    if finding["decided_at"] is None:
        return f"{found['outcome']} after {finding['drawn']:,} of {of}"
    if finding["decided_at"] == found["images"]:
        return f"{found['outcome']}: all {were} drawn, so that the drop is known"
    return f"{found['outcome']} after {finding['decided_at']:,} of {of}"


def rows_of_texts(found: Mapping[str, Any]) -> list[Row]:
    """What is to be known, as rows of texts that may stand on a terminal."""
    finding, canary = found["finding"], found["canary"]
    sure, known = f"{100 * (1 - found['alpha']):g} %", finding["low"] == finding["high"]
    rows = [
        ("port", _named(found["port"])),
        ("reference", _named(found["reference"])),
        ("drop", f"{drop_in_words(finding)}{'' if known else f', each end at {sure}'}"),
        ("allowed", f"{found['margin_points']:+.3f} pt"),
        ("flips", f"{finding['lost']} lost, {finding['won']} won, of {finding['drawn']:,} drawn"),
        ("p values", f"of PASS {finding['p_pass']:.2g}, of FAIL {finding['p_fail']:.2g}"),
    ]
    if canary:
        what = "ALARM" if found["alarm"] else "no alarm"
        outside = f"{canary['outside']} of {counted(canary['images'], 'answer')}"
        are = agreeing(canary["outside"], "is", "are")
        rows.append(("canaries", f"{what}: {outside} {are} not among the reference's three best"))
    for name, what in (
        ("failed", "not evaluated; they count against either verdict"),
        ("lost", "right by the reference, wrong by the port"),
        ("won", "wrong by the reference, right by the port"),
    ):
        if images := found[name]:
            listed = [f"{len(images)}, {what}", *map(printable, images[:_NAMED])]
            rows.append((name, "\n".join([*listed, "..."] if len(images) > _NAMED else listed)))
    rows += [
        ("seed", str(found["seed"])),
        ("evidence", printable(found["evidence"])),
        ("seal", found["seal"]),
    ]
    return rows


def drop_in_words(finding: Mapping[str, Any]) -> str:
    """Where the drop lies, or what it is."""
    low, high = finding["low"], finding["high"]
    return f"{low:+.3f} pt" if low == high else f"between {low:+.3f} and {high:+.3f} pt"


def to_table(found: Mapping[str, Any]) -> Table:
    """As a rich table of two columns."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(show_header=False, box=box.SIMPLE)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for what, value in rows_of_texts(found):
        table.add_row(what, escape(value))
    return table


def _named(subject: Mapping[str, Any]) -> str:
    parts = [subject["model"], subject["backend"], subject["provider"], subject["recipe"]]
    return printable(", ".join(part for part in parts if part))
