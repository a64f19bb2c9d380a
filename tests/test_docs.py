"""What the pages say is so: links lead somewhere, the first study of the README needs no key."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "reports/README.md"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page):
    links = re.findall(r"\]\(([^)#:\s]+)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]


def test_every_decision_is_listed():
    folder = ROOT / "docs" / "decisions"
    listed = set(re.findall(r"\]\((\S+\.md)\)", (folder / "index.md").read_text(encoding="utf-8")))
    assert listed == {page.name for page in folder.glob("*.md")} - {"index.md"}


def test_the_first_study_of_the_readme_needs_no_key(tmp_path):
    from interscreen import load_study

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    file = tmp_path / "my-layers.yaml"
    file.write_text(re.search(r"```yaml\n(.*?)```", text, re.DOTALL)[1], encoding="utf-8")
    study = load_study(file)
    assert study.source == "embedded"
    assert study.candidates


def rooms():
    """Rooms of ARCHITECTURE.md with the modules and folders that their sections name."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    sections = re.findall(r"^### (\w+)/: .*?$(.*?)(?=^#)", text, re.DOTALL | re.MULTILINE)
    return {room: set(re.findall(r"`(\w+(?:\.py|/))`", section)) for room, section in sections}


@pytest.mark.parametrize(("room", "named"), rooms().items())
def test_the_page_of_the_house_names_every_module_of_a_room(room, named):
    folder = ROOT / "src" / "interscreen" / room
    modules = {file.name for file in folder.glob("*.py")} - {"__init__.py"}
    assert named == modules | {f"{file.parent.name}/" for file in folder.glob("*/__init__.py")}


def test_the_page_of_the_house_shows_every_room():
    folder = ROOT / "src" / "interscreen"
    assert set(rooms()) == {file.parent.name for file in folder.glob("*/__init__.py")}


def test_the_commands_that_make_demo_ends_with_work(capsys):
    from interscreen.cli.main import main

    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    screen, question = re.findall(r"echo '\w+: +\$\(BIN\)/interscreen (.*?) +#", text)
    assert main([*screen.split(), "--check"]) == 0
    assert main(question.split()) == 0
    assert "results would go to reports/seeds/" in capsys.readouterr().out


def commands(page):
    """Commands in the sh and console blocks of a page, with the output that a console shows."""
    text = page.read_text(encoding="utf-8")
    for kind, block in re.findall(r"^```(sh|console)\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        plain = re.sub(r"\$\(.*\)", "ADDRESS", block.replace("\\\n", " "))
        lines = plain.splitlines()
        for at, line in enumerate(lines):
            words = line.removeprefix("$ ").removeprefix(".venv/bin/").split()
            if words[:1] == ["interscreen"]:
                shown = [] if kind == "sh" else lines[at + 1 :]
                yield shlex.split(line.removeprefix("$ "), comments=True)[1:], shown


PAGES_WITH_COMMANDS = [page for page in PAGES if list(commands(page))]
# key, network, cluster, home; seeds: tests/test_example.py
ELSEWHERE = {"mp", "data", "--backend", "~/group-meeting.html", "seeds"}


@pytest.fixture(scope="module")
def run_before():
    """Long commands that an earlier page has, and that no later one of a page builds on."""
    return set()


@pytest.mark.parametrize("page", PAGES_WITH_COMMANDS, ids=lambda page: page.name)
def test_every_command_of_a_page_is_one(page):
    from interscreen.cli.command import root

    for words, _ in commands(page):
        with root.make_context("interscreen", list(words), obj=["interscreen"]) as context:
            name, command, rest = root.resolve_command(context, list(words))
            command.make_context(name, rest, parent=context).close()


@pytest.mark.proof
@pytest.mark.parametrize("name", ["README.md", "docs/tasks.md", "docs/screens.md"])
def test_the_commands_of_a_page_run_as_printed(name, tmp_path, monkeypatch, capsys, run_before):
    """Studies of the page are written first; long screens have fewer samples and candidates."""
    from interscreen.cli.main import main

    page = ROOT / name
    monkeypatch.chdir(tmp_path)
    for block in re.findall(
        r"```yaml\n(name: .*?)```", page.read_text(encoding="utf-8"), re.DOTALL
    ):
        Path(f"{re.match(r'name: (.*)', block)[1]}.yaml").write_text(block, encoding="utf-8")
    for words, shown in commands(page):
        long = words[0] in ("discover", "validate") and "--out" not in words
        if ELSEWHERE & set(words) or (long and " ".join(words) in run_before):
            continue
        run_before.add(" ".join(words))
        less = ["--samples", "0"] if words[0] == "screen" and "--check" not in words else []
        less += ["--limit", "300"] if "all" in words else []
        assert main([*words, *less]) in (0, 3), words
        out = capsys.readouterr().out.splitlines()
        assert out[: len(shown)] == shown, words
