"""A run's config: every key checked before anything starts, one sentence for what is wrong."""

from pathlib import Path

import pytest

import engine.configs
from engine.config import ConfigError, load_config

CONFIGS = Path(next(iter(engine.configs.__path__)))

GOOD = """
name = "mine"
[corpus]
bar_aligned = true
[model]
units = 16
[glsr]
rows = 8
[[glsr.attributes]]
name = "note_count"
dimension = 1
mu = 1.7
variance = 0.03
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "mine.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_paper_recipe_is_the_papers() -> None:
    """512 units, 12 dimensions, hop 1, N(2, 0.1) on the note count, weights 1, no aids on R."""
    paper = load_config(CONFIGS / "paper.toml")
    assert (paper.model.units, paper.model.latent_dimensions) == (512, 12)
    assert (paper.corpus.bar_aligned, paper.corpus.hop_steps) == (False, 1)
    (attribute,) = paper.glsr.attributes
    assert (attribute.name, attribute.dimension) == ("note_count", 1)
    assert (attribute.mu, attribute.variance) == (2.0, 0.1)
    assert paper.schedule.final_beta == paper.glsr.weight == 1.0
    assert paper.glsr.prior_share == paper.glsr.onset_retreat == 0.0


def test_the_stage_recipe_keeps_its_promises() -> None:
    """Bar-aligned windows, at least 256 units, sigma a tenth of mu, a final beta of 0.2 or more."""
    stage = load_config(CONFIGS / "stage.toml")
    assert stage.corpus.bar_aligned
    assert stage.model.units >= 256
    (attribute, *_) = stage.glsr.attributes
    assert attribute.variance**0.5 == pytest.approx(0.1 * attribute.mu, rel=0.1)
    assert stage.schedule.final_beta >= 0.2


def test_a_small_config_gets_its_defaults(tmp_path: Path) -> None:
    """Only name, corpus and units have to be said."""
    config = load_config(written(tmp_path, GOOD))
    assert config.model.latent_dimensions == 12
    assert config.seed == 0


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("units = 16", "unit = 16", "model.unit"),
        ("units = 16", "units = 0", "model.units"),
        ("units = 16", 'units = "many"', "model.units"),
        ("units = 16", "units = 16\ndropout = 1.0", "model.dropout"),
        ('name = "mine"', 'name = "no spaces"', "name"),
        ('name = "mine"', 'name = "mine"\nprecision = "float16"', "precision"),
        ('name = "mine"', 'name = "mine"\nseed = -1', "seed"),
        ("bar_aligned = true", "bar_aligned = true\nhop_steps = 0", "corpus.hop_steps"),
        ("bar_aligned = true", "", "corpus.bar_aligned"),
        ("mu = 1.7", "mu = -1.7", "glsr.attributes.0.mu"),
        ("mu = 1.7", "mu = nan", "glsr.attributes.0.mu"),
        ("variance = 0.03", "variance = 0", "glsr.attributes.0.variance"),
        ("dimension = 1", "dimension = 0", "glsr.attributes.0.dimension"),
        ("dimension = 1", "dimension = 13", "dimension must be 1..12"),
        ('"note_count"', '"loudness"', "glsr.attributes.0.name"),
        ("rows = 8", "rows = 512", "glsr.rows must not exceed schedule.batch"),
        ("rows = 8", "prior_share = 1.5", "glsr.prior_share"),
    ],
)
def test_a_bad_key_is_named(tmp_path: Path, old: str, new: str, key: str) -> None:
    """One sentence that names the file and the key."""
    assert GOOD.count(old) == 1
    with pytest.raises(ConfigError) as refused:
        load_config(written(tmp_path, GOOD.replace(old, new)))
    text = str(refused.value)
    assert "mine.toml" in text
    assert key in text
    assert "\n" not in text


def test_an_unknown_attribute_is_told_what_there_is(tmp_path: Path) -> None:
    """A wrong attribute name is answered with the names that exist."""
    with pytest.raises(ConfigError, match=r"loudness.*lean, note_count"):
        load_config(written(tmp_path, GOOD.replace("note_count", "loudness")))


def test_a_dimension_carries_one_attribute(tmp_path: Path) -> None:
    """Two attributes on one knob are refused."""
    second = '[[glsr.attributes]]\nname = "lean"\ndimension = 1\nmu = 1.0\nvariance = 0.1\n'
    with pytest.raises(ConfigError, match="each dimension may carry one attribute"):
        load_config(written(tmp_path, GOOD + second))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, a folder, broken TOML and other bytes are each one sentence with the file."""
    broken = written(tmp_path, "name = ")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    for file in (tmp_path / "missing.toml", tmp_path, broken, binary):
        with pytest.raises(ConfigError, match=file.name) as refused:
            load_config(file)
        assert "\n" not in str(refused.value)
