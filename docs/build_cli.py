"""Print docs/cli.md: every command and option, as the command line itself knows them."""

from __future__ import annotations

from collections.abc import Iterator

import click

from interscreen.cli.command import root

Sections = dict[str, list[tuple[str, str]]]


def commands(group: click.Group, context: click.Context) -> Iterator[click.Context]:
    """Contexts of the commands of a group, and of the groups in it."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        below = click.Context(command, info_name=name, parent=context)
        yield below
        if isinstance(command, click.Group):
            yield from commands(command, below)


def sections(context: click.Context) -> Sections:
    """Arguments and options of a command with their meaning, by section of its help."""
    found: Sections = {}
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None or "--help" in parameter.opts:
            continue
        title = getattr(parameter, "section", "Options")
        if isinstance(parameter, click.Argument):
            title = "Arguments"
        found.setdefault(title, []).append(record)
    return found


def listed(records: list[tuple[str, str]]) -> list[str]:
    """One line of Markdown for each argument or option."""
    return [f"- `{name}`{': ' if text else ''}{text}" for name, text in records]


def page() -> str:
    """Text of docs/cli.md."""
    top = click.Context(root, info_name="interscreen")
    found = {context.command_path: (context, sections(context)) for context in commands(root, top)}
    titles = [title for _, own in found.values() for title in own]
    shared: Sections = {}
    for _, own in found.values():
        for title, records in own.items():
            if title not in ("Arguments", "Options") and titles.count(title) > 1:
                shared[title] = records
    lines = [
        "# Commands",
        "",
        "Written by `make docs` from the commands themselves; `interscreen COMMAND --help` says "
        "the same.",
        "",
        str(root.help),
        "",
        *listed(sections(top)["Options"]),
        "",
        str(root.epilog),
    ]
    for path, (context, own) in found.items():
        usage = " ".join(context.command.collect_usage_pieces(context))
        lines += ["", f"## {path}", "", f"`{path} {usage}`", "", str(context.command.help)]
        for title, records in own.items():
            if title not in shared:
                lines += ["", f"{title}:", "", *listed(records)]
        links = [
            f"[{title}](#{title.lower().replace(' ', '-')})" for title in own if title in shared
        ]
        if links:
            lines += ["", f"And those of {' and '.join(links)}."]
    for title, records in shared.items():
        lines += ["", f"## {title}", "", *listed(records)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
