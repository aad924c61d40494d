"""The report page: whole, alone, tolerant of what is missing, and the same every time."""

from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest
import torch

from engine.card import Card
from engine.checkpoint import load_decoder, load_encoder, model_config
from engine.model import VAE, ModelConfig
from engine.report import planes
from engine.report.build import build_report
from engine.report.page import Picture, Section, page
from engine.report.summary import cross_talk_section, summary_section
from tests.tiny import tiny_corpus

FIGURES = {
    "sweep [-3, 3]": {"monotone_pairs": 0.98765, "efficiency": 0.5},
    "odd <section>": {"key & all": -3.0},
}
BARE = 2 + 3 + 2 + 2  # the note planes, the other planes, the lines, the clouds
WITH_REFERENCES = 2 + 3  # the plain planes, and the pictures of the slope too large
VOID = {"meta", "img"}


class Read(HTMLParser):
    """What a browser sees: tags in order, images, text, and whether every tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.images: list[dict[str, str | None]] = []
        self.text = ""
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "img":
            self.images.append(dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def silent(_: str) -> None:
    """Tells nobody."""


@pytest.fixture(scope="module")
def build(tiny_checkpoint: Path) -> Iterator[Callable[..., str]]:
    card, decoder = load_decoder(tiny_checkpoint)
    model = VAE(model_config(card.model)).eval()
    model.decoder, model.encoder = decoder, load_encoder(tiny_checkpoint)
    corpus = tiny_corpus()

    def built(
        references: Mapping[str, VAE] | None = None,
        progress: Callable[[str], None] = silent,
        **changes: object,
    ) -> str:
        changed = card.model_copy(update=changes)
        return build_report(model, changed, FIGURES, corpus, references or {}, progress)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planes, "SWEEP_VALUES", 13)  # coarse pictures: the words are on trial here
        yield built


@pytest.fixture(scope="module")
def card(tiny_checkpoint: Path) -> Card:
    return load_decoder(tiny_checkpoint)[0]


@pytest.fixture(scope="module")
def bare(build: Callable[..., str]) -> str:
    return build(attributes=())


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def full(build: Callable[..., str], card: Card, told: list[str]) -> str:
    torch.manual_seed(3)
    references = {name: VAE(model_config(card.model)).eval() for name in ("plain", "glsr-5-1")}
    return build(references, progress=told.append, name="<b>loud</b>")


def test_the_page_needs_nothing_but_itself(full: str) -> None:
    """No script, no link, no address: every picture is inside, and says in words what it shows."""
    seen = Read(full)
    assert not seen.tags & {"script", "link", "iframe", "object", "a", "video"}
    assert not seen.attributes & {"onload", "onclick", "href", "srcset"}
    for image in seen.images:
        assert str(image["src"]).startswith("data:image/svg+xml;base64,")
        assert len(str(image["alt"])) > 30
    assert "http" not in seen.text
    assert "default-src 'none'" in full.replace("&#x27;", "'")


def test_every_picture_has_its_place(full: str, bare: str) -> None:
    """With both references all pictures stand there; without them the page says what is missing."""
    assert len(Read(full).images) == BARE + WITH_REFERENCES + 1  # one knob
    assert "Not shown" not in Read(full).text
    seen = Read(bare)
    assert len(seen.images) == BARE
    assert seen.text.count("Not shown") == 2
    assert "No reference named plain" in seen.text
    assert "No reference named glsr-5-1" in seen.text


def test_progress_is_told(full: str, told: list[str]) -> None:
    """Whoever waits is told what is being done, before it is done."""
    assert full
    assert any("plain" in line for line in told)
    assert any("note count" in line for line in told)


def test_the_same_checkpoint_gives_the_same_page(build: Callable[..., str], bare: str) -> None:
    """No date, no chance: the same bytes, whatever was drawn before."""
    torch.manual_seed(12345)
    assert build(attributes=()) == bare


def test_figures_stand_first_and_last(bare: str) -> None:
    """The few that matter with their meaning, then all by key; what a page lacks is left out."""
    seen = Read(bare)
    assert seen.text.index("never a note less") < seen.text.index("Turn")
    assert "0.9877" in seen.text
    assert "whole turns without a loss" not in seen.text
    assert "odd <section>" in seen.text
    assert "\N{MINUS SIGN}3" in seen.text


def test_names_are_text_and_never_markup(full: str) -> None:
    """A name with angle brackets is printed, not obeyed."""
    seen = Read(full)
    assert "b" not in seen.tags
    assert "<b>loud</b>: what the knobs do" in seen.text


def test_without_knobs_nothing_is_promised(full: str, bare: str) -> None:
    """A model in which nothing was regularised has no chapter on promises."""
    assert "What the knob promises" in Read(full).text
    assert "promises" not in Read(bare).text


def test_a_reference_of_other_words_is_refused(build: Callable[..., str], card: Card) -> None:
    """A network that speaks another vocabulary cannot be compared: one sentence says so."""
    stranger = VAE(ModelConfig(tokens=card.model.tokens + 1, units=4, embedding=4))
    with pytest.raises(ValueError, match="reference plain has"):
        build({"plain": stranger})


def test_cross_talk_is_a_square_of_numbers(card: Card) -> None:
    """A row for each knob that is turned, a column for each thing that is heard."""
    values = {"note_count -> note_count": 1.0, "note_count -> register": 0.04,
              "register -> note_count": 0.25, "register -> register": 0.99}  # fmt: skip
    (section,) = cross_talk_section({"cross-talk: spearman": values})
    seen = Read(section.tables[0])
    assert "note countregister" in seen.text  # the head
    assert "note count1.000.04" in seen.text
    assert "register0.250.99" in seen.text
    assert cross_talk_section({}) == []
    assert summary_section(card, {}).tables  # where it comes from, even without any figure


def test_a_page_closes_what_it_opens() -> None:
    """Text is escaped in headings, captions and alternative texts alike."""
    picture = Picture(b"<svg/>", 'a "quoted" <alt>', "5 > 4 & 3 < 4")
    seen = Read(page("<t>", "<lead>", [Section("<h>", "<r>", (picture,), ("<none>",), ())]))
    assert seen.images[0]["alt"] == 'a "quoted" <alt>'
    for text in ("<t>", "<lead>", "<h>", "<r>", "<none>", "5 > 4 & 3 < 4"):
        assert text in seen.text
