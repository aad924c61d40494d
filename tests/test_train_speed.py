"""What is timed against each other is the same loss, and the table says what was measured."""

import torch

from benchmarks.train_speed import BATCH, TOLERANCE, VERSIONS, disagreement, new_bench, report


def test_all_ways_give_the_same_loss_and_gradients() -> None:
    """The exact tangent and both double backwards: equal to rounding, on some rows and on all."""
    assert disagreement(rows=4) < TOLERANCE
    assert disagreement(rows=16) < TOLERANCE


def test_a_step_moves_the_model() -> None:
    """What is timed is a whole update, not a loss alone."""
    bench = new_bench(torch.device("cpu"), half=False, compiled=False)
    before = [p.detach().clone() for p in bench.model.parameters()]
    bench.step(VERSIONS[2])
    after = bench.model.parameters()
    assert all(not torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_the_report_is_of_medians_and_of_the_faster_double_backward() -> None:
    """Three rounds of made-up times: ratios are taken within a round, floors judged by medians."""
    times = {version.name: [200.0, 200.0, 200.0] for version in VERSIONS}
    times["plain VAE"] = [100.0, 100.0, 200.0]
    times["tangent, 100 %"] = [100.0, 125.0, 100.0]
    times["double backward, 100 %, unrolled"] = [150.0, 150.0, 190.0]
    told = "\n".join(report(times))
    assert f"| plain VAE | 100 (100 to 200) | {10 * BATCH} | 1.00 (1.00 to 1.00) |" in told
    assert "100 % is 1.50 (1.20 to 1.90) times faster than double backward, 100 %, unrolled" in told
    assert "(floor 1.5: met)" in told
    assert "On 25 % it costs 2.00 (1.00 to 2.00) plain steps (at most 1.8: NOT met)." in told
