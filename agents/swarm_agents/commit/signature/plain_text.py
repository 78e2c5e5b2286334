"""What a reader of a terminal sees of an output: without colours, links, titles, and what was overwritten."""

import re

_LONGEST_LINE = 2_000  # characters; longer lines are broken, as the time of a pattern may grow with a line's square
_LINK_OR_TITLE = re.compile(r"\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?")
_TO_LINE_START = re.compile(r"\r|\x1b\[[01]?G")
_ERASES_LINE = re.compile(r"\x1b\[[0-2]?[JK]")
_TO_OTHER_LINE = re.compile(r"\x1b\[[0-9;]*[ABEFHdf]|\x1b[DEM]")
_OTHER_CODE = re.compile(r"\x1b(?:\[[0-9;:?<=>]*[ -/]*[@-~]|[()][0-9A-Za-z]|.)?|[\x0e\x0f]")
_OVERSTRUCK = re.compile(r"[^\n]\x08")


def read_plain_text(output: str) -> str:
    """The lines of the output as they stood on a terminal at last."""
    lines = _TO_OTHER_LINE.sub("\n", _LINK_OR_TITLE.sub("", output)).replace("\r\n", "\n").split("\n")
    text = "\n".join(_OTHER_CODE.sub("", _last_written(line)) for line in lines)
    return "\n".join(_break(_OVERSTRUCK.sub("", text)))


def _last_written(line: str) -> str:
    """Of a line that was written several times, as a progress bar is, the last text."""
    shown = ""
    for part in _TO_LINE_START.split(line):
        if part.strip() or _ERASES_LINE.match(part):
            shown = part
    return shown


def _break(text: str) -> list[str]:
    found = []
    for line in text.split("\n"):
        found += [line[at : at + _LONGEST_LINE] for at in range(0, len(line) or 1, _LONGEST_LINE)]
    return found
