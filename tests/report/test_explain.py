"""interscreen explain: ten lines whose numbers add up."""

import re

from interscreen import PhaseTable
from interscreen.report.text.explain import VOLUMES, WHY, explain_text, judgement_lines
from interscreen.screen.judge import judged
from interscreen.screen.verdict import VERDICTS


def test_ten_lines_with_equations_whose_numbers_add_up():
    row = judged(PhaseTable.reference(), "CuF2", "LATP", samples=40, sensitivity=True)
    text = explain_text(row)
    assert re.findall(r"^ ?(\d+)\. ", text, re.M) == [str(n) for n in range(1, 11)]
    assert all(len(line) <= 80 for line in text.splitlines())
    flat = " ".join(text.split())
    assert "2 Li + CuF2 -> 2 LiF + Cu" in flat
    layer, bare, gain = map(
        float,
        re.search(r"layer - bare = (\S+) meV/atom - \((\S+) meV/atom\) = (\S+) meV", flat).groups(),
    )
    assert abs(layer - bare - gain) < 0.11
    terms, total = re.search(r"weighted sum of: (.*) = (\S+) meV/atom \(0 is best\)", flat).groups()
    weighed = {t.split(" (")[0]: float(t.split()[-1]) for t in terms.split("; ")}
    assert "as deposited (weight 0.25) " in terms
    deposited = float(re.search(r"as deposited: (\S+) meV/atom", flat).group(1))
    assert abs(0.25 * deposited - weighed["as deposited"]) < 0.1
    assert abs(sum(float(t.split()[-1]) for t in terms.split("; ")) - float(total)) < 0.26
    top, low, margin = map(
        float, re.search(r"up to (\S+) V, LATP down to (\S+) V.*margin (\S+) V", flat).groups()
    )
    assert abs(top - low - margin) < 0.011
    assert "90 %" in flat
    word, low, high, rule = re.search(
        r"Verdict: (try|unsure); contact \S+ \((\S+) to (\S+)\) meV/atom: (.*?)\.", flat
    ).groups()
    assert float(low) < float(high) <= 0.0
    assert rule == WHY[word]


def test_every_verdict_has_its_rule():
    assert set(WHY) == set(VERDICTS)


def test_a_layer_that_coexists_says_so():
    text = explain_text(judged(PhaseTable.reference(), "LiF", "LLZO"))
    assert "So LiF stays as it is beside Li." in text
    assert "Nothing reacts: the two coexist." in text


def test_a_stack_says_why_it_is_unsure_and_that_a_molten_layer_has_no_contact_as_deposited():
    table = PhaseTable.reference()
    flat = " ".join(
        " ".join(judgement_lines(judged(table, "AlF3", "LLZO"), anchored=False)).split()
    )
    assert "as deposited (weight 0, molten) 0.0" in flat
    assert re.search(
        r"because: gain -15 \(-45 to \d+\) meV/atom: " + re.escape(WHY["no gain"]), flat
    )


def test_what_has_no_volume_has_no_line_of_volumes():
    row = judged(PhaseTable.reference(), "CuF2", "LATP")
    assert any("layer by volume" in line for line in judgement_lines(row, anchored=True))
    row |= dict.fromkeys(VOLUMES.values(), float("nan"))
    assert not any("volume" in line for line in judgement_lines(row, anchored=True))
