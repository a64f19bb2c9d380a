"""Bad temperatures, gases and pressures: one line that names the value and the remedy."""

import pytest

from interscreen.cli.main import main

OXIDES = ["reaction", "Li2O", "CaO"]
HOT = [*OXIDES, "--temperature", "700C"]
SCAN = ["profile", "Li2O", "CaO", "--temperature", "700C", "--over", "CO2"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([*HOT, "--gas", "C60=0.2"], "gas C60: no measured energies"),
        ([*HOT, "--gas", "Qq=0.2"], "gas Qq: formula 'Qq': Qq is not an element"),
        ([*HOT, "--gas", "Ar=0.79"], "gas Ar: it reacts with nothing; leave it out"),
        ([*HOT, "--gas", "CO2=0"], "gas CO2=0: give a pressure above zero"),
        ([*HOT, "--gas", "CO2=-1bar"], "pressure '-1bar': give one above zero"),
        ([*HOT, "--gas", "CO2=nan"], "gas CO2=nan: write 0.21, 400ppm, 21% or 20mbar"),
        ([*HOT, "--gas", "CO2=0.6", "--gas", "O2=0.6"], "add up to 1.2; they cannot exceed 1"),
        ([*HOT, "--gas", "CO2=400pp"], "unit 'pp' is unknown; write 0.21, 400ppm"),
        ([*HOT, "--gas", "CO2"], "--gas CO2: write it with its pressure, as CO2=400ppm"),
        ([*HOT, "--gas", "CO2=0.1", "--gas", "CO2=0.2"], "CO2 is named twice; keep one"),
        ([*HOT, "--gas", "H2=0.1", "--gas", "O2=0.1"], "react with each other without end"),
        ([*HOT, "--pressure", "1"], "pressure '1': write it with its unit, as 1bar or 20mbar"),
        ([*HOT, "--pressure", "0bar"], "pressure '0bar': give one above zero"),
        ([*OXIDES, "--gas", "CO2=400ppm"], "--gas: say at which temperature"),
        ([*OXIDES, "--temperature", "700"], "temperature '700': write it with its unit"),
        ([*OXIDES, "--temperature", "hot"], "temperature 'hot': write it with its unit"),
        ([*OXIDES, "--temperature", "249K"], "temperature 249K: use 250 to 2000 K"),
        ([*OXIDES, "--temperature", "1728C"], "temperature 1728C: use 250 to 2000 K"),
        (["reaction", "Ag2O", "CaO", "--temperature", "1000K"], "Ag2O ends at 800 K"),
        ([*OXIDES, "--open", "O2=0.21"], "open O2=0.21: say at which temperature"),
        ([*HOT, "--open", "O2"], "--open O2: write it as Li@3.8V or O2=0.21"),
        ([*HOT, "--open", "O2=0"], "gas O2=0: give a pressure above zero"),
        ([*SCAN, "--from", "1e-6"], "pressure '1e-6': write it with its unit"),
        ([*SCAN, "--from", "0bar"], "pressure '0bar': give one above zero"),
        ([*SCAN, "--from", "1bar", "--to", "1mbar"], "does not rise; give a range that does"),
        (["decompose", "Li2CO3", "--pressure", "1"], "pressure '1': write it with its unit"),
        (["treat", "LLZO", "--steps", "wash"], "'wash' is no treatment; write a temperature"),
    ],
)
def test_it_is_one_line_and_exit_code_2(words, told, capsys):
    assert main([*words, "--source", "embedded", "--quiet"]) == 2
    heard = capsys.readouterr()
    assert heard.out == ""
    (line,) = heard.err.strip().splitlines()
    assert told in line


def test_a_study_says_it_with_its_line(tmp_path, capsys):
    study = tmp_path / "hot.yaml"
    study.write_text(
        "name: hot\nsource: embedded\nelectrolytes: [LLZO]\ncandidates: [LiF]\n"
        "conditions: {temperature: 700, gases: {O2: 0.6, CO2: 0.6}}\n"
    )
    assert main(["screen", str(study), "--check"]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if "hot.yaml" in line]
    assert len(lines) == 1
    assert "line 5" in lines[0]
