"""The chapters of the report: what each picture shows, how to read it, and what is seen.

From arrays (:mod:`engine.report.planes`) to sections of the page; each has one of the paper's
figures in mind.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from engine.attributes import ATTRIBUTES, REGISTER
from engine.card import AttributeCard, Card
from engine.corpus import Tokens
from engine.report import maps, pictures, planes, readings
from engine.report.maps import SIGN_NAMES, Labels
from engine.report.page import Picture, Section
from engine.report.pictures import Roll
from engine.report.planes import Cloud, Knob, Line, Plane
from engine.report.readings import signed
from engine.vocabulary import REST_ID, Vocabulary

NO_LABELS: Labels = ("z1", "z2")  # of a network whose dimensions were tied to nothing

PLANE_READING = (
    "Each point of a square is one phrase of two bars. z1, the knob, says where it stands from "
    "left to right, z2 from bottom to top; every other coordinate stays 0. The colour is the "
    "number of notes, printed here and there as a figure. Read along a horizontal line: that is "
    "what turning the knob does. (The paper's figure 2.)"
)
OTHERS_READING = (
    "The same plane and the same phrases, seen for something else. A knob that adds notes and "
    "leaves the rest alone shows little change from left to right here. Hatched: no note is "
    "struck. Accidentals are those of the note names, whether or not the key has them. (The "
    "paper's figure 3.)"
)
LINE_READING = (
    "Each strip is one phrase of two bars: time runs from left to right, pitch from bottom to top, "
    "heavy lines are bar lines and light ones beats. From strip to strip only z1 grows; the number "
    "of notes stands at the right. (The paper's figure 4.)"
)
CLOUD_READING = (
    "Each dot is a melody the network never learnt from, placed where the network puts it; its "
    "colour is the number of notes that are played from there. A dot's place is what one would "
    "have to dial in to hear that melody. The prior, from which phrases are invented, is a round "
    "heap about the middle: the circles have 1, 2 and 3 of its standard deviations as radius. (The "
    "paper's figure 5.)"
)
WARNING_READING = (
    "A warning from the paper (its figure 6): the same network, trained to gain five notes for "
    "each unit of z1, with a standard deviation of 1. From -3 to 3 that would be thirty notes "
    "more, and two bars have 32 sixteenths. The pictures are read as above, but their colours have "
    "a scale of their own."
)
KNOBS_READING = (
    "Turn the knob from -3 to 3 at many random phrases: the orange line is what the knob promises "
    "at each place, the band holds what eight phrases of ten deliver, the dots are the median. A "
    "narrow band about the line is a knob that keeps its word wherever you are; where the line is "
    "flat, turning does nothing."
)


def plain_name(attribute: AttributeCard) -> str:
    """An attribute's name as it is read."""
    return attribute.name.replace("_", " ")


def _label(attributes: Mapping[int, AttributeCard], dimension: int) -> str:
    tied = attributes.get(dimension)
    return f"z{dimension} ({plain_name(tied)})" if tied else f"z{dimension}"


def axis_labels(card: Card) -> Labels:
    """What stands beside the axes of z1 and z2: the attribute too, where there is one."""
    tied = {attribute.dimension: attribute for attribute in card.attributes}
    return _label(tied, 1), _label(tied, 2)


def _absent(aim: str, name: str) -> str:
    return (
        f"Not shown: the same network trained with {aim}. No reference named {name} was given to "
        "this page; make results trains it, and glisser evaluate --references DIR draws it."
    )


def _most(*found: Plane) -> int:
    """The top of a scale of note counts that fits all of these planes, heard and expected."""
    return max(int(np.ceil(max(p.notes.max(), p.expected.max()))) for p in found)


def _note_picture(plane: Plane, most: int, labels: Labels, what: str, caption: str) -> Picture:
    rise = readings.rise(plane.positions, plane.notes)
    return Picture(
        maps.note_map(plane.positions, plane.notes, most, labels),
        f"Colour map of {what}: note counts over z1 and z2, from {signed(rise.left)} at the left "
        f"edge to {signed(rise.right)} at the right, on average.",
        caption,
    )


def _expected_picture(plane: Plane, most: int, labels: Labels, what: str) -> Picture:
    rise = readings.rise(plane.positions, plane.expected)
    return Picture(
        maps.note_map(plane.positions, plane.expected, most, labels),
        f"Colour map of {what}: the number of notes that it expects, from {signed(rise.left)} at "
        f"the left edge to {signed(rise.right)} at the right, on average.",
        f"{what}, expected: how many notes it would strike on average if every step were drawn by "
        "its odds. Training shapes this; what you hear takes the likeliest of each step.",
    )


def plane_section(plane: Plane, plain: Plane | None, labels: Labels, name: str) -> Section:
    """Figure 2. ``plain`` is the plane of the reference ``name``, None when that is missing."""
    rise = readings.rise(plane.positions, plane.notes)
    most = _most(plane, plain) if plain else _most(plane)
    this = "This checkpoint"
    found = [
        _note_picture(plane, most, labels, this, f"{this}, heard. {readings.falls_sentence(rise)}"),
        _expected_picture(plane, most, labels, this),
    ]
    absent: tuple[str, ...] = ()
    if plain:
        bare = "Without the regularisation"
        said = readings.plain_caption(readings.rise(plain.positions, plain.notes))
        found.append(_note_picture(plain, most, NO_LABELS, bare, f"{bare}, heard. {said}"))
        found.append(_expected_picture(plain, most, NO_LABELS, bare))
    else:
        absent = (_absent("no regularisation at all", name),)
    return Section(readings.knob_heading(rise), PLANE_READING, tuple(found), absent)


def others_section(plane: Plane, labels: Labels) -> Section:
    """Figure 3: highest pitch, lowest pitch and accidentals on the plane."""
    highest, lowest = readings.drift(plane.highest), readings.drift(plane.lowest)
    heading = readings.drift_heading(highest, lowest)
    if not np.isfinite(plane.highest).any():
        return Section(heading, "No phrase of the plane strikes a note.")
    low, high = int(np.nanmin(plane.lowest)), int(np.nanmax(plane.highest))
    span = f"between {pictures.pitch_name(low)} and {pictures.pitch_name(high)}"
    found = [
        Picture(
            maps.pitch_map(plane.positions, values, low, high, labels),
            f"Colour map of the {name} pitch over z1 and z2, {span}.",
            f"The {name} note. {_pitch_range(values)}",
        )
        for name, values in (("highest", plane.highest), ("lowest", plane.lowest))
    ]
    shares = [f"{100 * float((plane.signs == n).mean()):.0f} % {name}"
              for n, name in enumerate(SIGN_NAMES)]  # fmt: skip
    found.append(
        Picture(
            maps.sign_map(plane.positions, plane.signs, labels),
            f"Map of the accidentals over z1 and z2: {', '.join(shares)}.",
            f"Accidentals: {', '.join(shares)}.",
        )
    )
    return Section(heading, OTHERS_READING, tuple(found))


def _pitch_range(values: planes.Floats) -> str:
    low, high = pictures.pitch_name(np.nanmin(values)), pictures.pitch_name(np.nanmax(values))
    return f"Everywhere {low}." if low == high else f"From {low} to {high}."


def line_section(melody: Tokens, through: Line, origin: Line, vocabulary: Vocabulary) -> Section:
    """Figure 4: a straight line in z1 through ``melody``, and one through the origin."""
    written = _roll(vocabulary, "written", melody, marked=True)
    found = (
        _line_picture(
            through,
            vocabulary,
            (written,),
            "A melody of the test side, chosen by a rule and not by ear (the middle one of those "
            "with as many notes as the median): as it is written, and then from end to end of the "
            "knob. Orange: where the network itself puts it.",
        ),
        _line_picture(
            origin, vocabulary, (), "From the middle of the space, where all coordinates are 0."
        ),
    )
    counts = [int(n) for n in (through.tokens > REST_ID).sum(-1)]
    heading = readings.line_heading(counts, "One melody, and the knob from end to end")
    return Section(heading, LINE_READING, found)


def _line_picture(
    line: Line, vocabulary: Vocabulary, first: tuple[Roll, ...], caption: str
) -> Picture:
    stack = first + tuple(
        _roll(
            vocabulary,
            f"z1 = {signed(at, 0 if at in planes.STOPS else 2)}",
            row,
            marked=bool(first) and at == line.start,
        )
        for at, row in zip(line.positions, line.tokens, strict=True)
    )
    counts = ", ".join(str(len(roll.phrase.notes)) for roll in stack[len(first) :])
    alt = f"Piano rolls of a line in z1, one below another; their note counts are {counts}."
    return Picture(pictures.rolls(stack), alt, caption)


def _roll(vocabulary: Vocabulary, label: str, row: Tokens, marked: bool) -> Roll:
    phrase = vocabulary.phrase(row.tolist())
    names = [vocabulary.names[token] for token in phrase.tokens if token > REST_ID]
    return Roll(label, phrase, tuple(map(pictures.sung_name, names)), marked)


def _cloud_picture(cloud: Cloud, most: int, labels: Labels) -> Picture:
    x, y = cloud.z[:, 0], cloud.z[:, 1]
    said = f"{readings.order_sentence(x, cloud.notes)} {readings.circles_sentence(x, y)}"
    return Picture(
        maps.cloud(x, y, cloud.notes, most, labels),
        f"{len(x)} dots over z1 and z2, coloured by note count. {said}",
        said,
    )


def cloud_section(cloud: Cloud, labels: Labels) -> Section:
    """Figure 5: the aggregated posterior in the plane, and along z1."""
    x = cloud.z[:, 0]
    spread = f"standard deviation {signed(float(x.std()), 2)}, mean {signed(float(x.mean()), 2)}"
    return Section(
        readings.spread_heading(x),
        CLOUD_READING,
        (
            _cloud_picture(cloud, int(cloud.notes.max()), labels),
            Picture(
                pictures.histogram(x, labels[0]),
                f"Histogram of the melodies along z1 against the bell curve of N(0, 1): {spread}.",
                f"The same dots along z1 alone, against the bell curve of the prior: {spread}; the "
                "prior has 1 and 0.",
            ),
        ),
    )


def warning_section(
    steep: tuple[Plane, Cloud] | None, plane: Plane, windows: Tokens, name: str
) -> Section:
    """Figure 6: a slope too large. ``steep`` is the reference ``name``, None when it is missing."""
    if steep is None:
        return Section(
            "What a slope too large would do", WARNING_READING, (), (_absent("N(5, 1)", name),)
        )
    steep_plane, cloud = steep
    counts = (windows > REST_ID).sum(-1)
    few, many = int(counts.min()), int(counts.max())
    share, own = (readings.beyond(p.notes, few, many) for p in (steep_plane, plane))
    rise = readings.rise(steep_plane.positions, steep_plane.notes)
    caption = (
        f"Heard. {readings.falls_sentence(rise)} The steepest unit of z1 holds "
        f"{100 * rise.steepest:.0f} % of the whole rise; of a straight line it is 17 %. Test "
        f"melodies have {few} to {many} notes: {share:.0f} % of this plane lie outside that, and "
        f"{own:.0f} % of this checkpoint's."
    )
    most, what = _most(steep_plane), "The slope too large"
    return Section(
        readings.warning_heading(share, rise.steepest),
        WARNING_READING,
        (
            _note_picture(steep_plane, most, NO_LABELS, what, caption),
            _expected_picture(steep_plane, most, NO_LABELS, what),
            _cloud_picture(cloud, int(cloud.notes.max()), NO_LABELS),
        ),
    )


def knobs_section(knobs: Sequence[Knob]) -> Section:
    """Each regularised knob: what it promises at each place, and what is delivered there."""
    one = len(knobs) == 1
    heading = "What the knob promises, and what it delivers" if one else (
        f"What the {len(knobs)} knobs promise, and what they deliver"
    )  # fmt: skip
    return Section(heading, KNOBS_READING, tuple(_knob_picture(knob) for knob in knobs))


def _knob_picture(knob: Knob) -> Picture:
    attribute = ATTRIBUTES[knob.card.name]
    pitched = knob.card.name == REGISTER.name
    curve = pictures.Curve(knob.positions, knob.promised, knob.low, knob.middle, knob.high, pitched)
    label = f"z{knob.card.dimension}"
    name = plain_name(knob.card)
    width = float((knob.high - knob.low).mean())
    ends = [pictures.pitch_name(end) if pitched else signed(end) for end in knob.promised[[0, -1]]]
    source = "" if knob.calibrated else " (no curve on the card yet: the mean of these phrases)"
    return Picture(
        pictures.calibration(curve, label, "pitch" if pitched else attribute.unit),
        f"Curve of {name} over {label}, from {ends[0]} to {ends[1]}, inside its band.",
        f"{label}, {name}: {knob.card.meaning}. It promises {ends[0]} to {ends[1]}{source}; the "
        f"band is {signed(width)} {attribute.unit} wide on average.",
    )
