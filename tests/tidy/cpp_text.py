"""Just enough of C++'s grammar for tidy.py: what is code and what is text, and where functions begin and end."""

import re

POSSIBLE_TEXT = re.compile(r"""["'/R]""")


def blank_out(text):
    """`text` with comments, strings and characters replaced by spaces; lines stay where they are."""
    out = []
    at = 0
    while at < len(text):
        candidate = POSSIBLE_TEXT.search(text, at)
        begin = candidate.start() if candidate else len(text)
        out.append(text[at:begin])
        at = begin
        if at < len(text):
            end = end_of_text_at(text, at)
            out.append(text[at] if end is None else re.sub(r"[^\n]", " ", text[at:end]))
            at = at + 1 if end is None else end
    return "".join(out)


def end_of_text_at(text, at):
    """Where the comment, string or character that begins at `at` ends; None when none begins there."""
    if text.startswith("//", at):
        return end_or_all(text, text.find("\n", at), 0)
    if text.startswith("/*", at):
        return end_or_all(text, text.find("*/", at), 2)
    raw = re.compile(r'R"([^()\\ ]{0,16})\(').match(text, at)
    if raw and not (at > 0 and (text[at - 1].isalnum() or text[at - 1] == "_")):
        mark = ")" + raw[1] + '"'
        return end_or_all(text, text.find(mark, raw.end()), len(mark))
    if text[at] == '"':
        return quoted_end(text, at)
    # Not the separator of 1'000.
    if text[at] == "'" and not (at > 0 and text[at - 1].isalnum()):
        return quoted_end(text, at)
    return None


def end_or_all(text, found, length):
    return len(text) if found < 0 else found + length


def quoted_end(text, at):
    quote = text[at]
    at += 1
    while at < len(text) and text[at] != quote and text[at] != "\n":
        at += 2 if text[at] == "\\" else 1
    return min(at + 1, len(text))


SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b(?![^<]*>)")


def functions(blanked):
    """(first line, last line) of each outermost body that parentheses come before: functions, not lambdas in them."""
    scopes = []  # one entry an open brace: None for a scope, the first line for a function, 0 for what is inside one
    begin = 0  # where the present declaration begins
    for match in re.finditer(r"[{};]", blanked):
        if match[0] == "{":
            declaration = blanked[begin:match.start()]
            if any(first is not None for first in scopes):
                scopes.append(0)
            elif "(" in declaration and not re.search(r"=\s*$", declaration) and not is_scope(declaration):
                scopes.append(line_of(blanked, begin + len(declaration) - len(declaration.lstrip())))
            else:
                scopes.append(None if is_scope(declaration) else 0)
        elif match[0] == "}" and scopes:
            first = scopes.pop()
            if first:
                yield first, line_of(blanked, match.start())
        begin = match.end()


def is_scope(declaration):
    # Parentheses before the word are a requires-clause or attribute of a type; after it, a function's return type.
    found = SCOPE.search(declaration)
    return bool(found) and "(" not in declaration[found.end():]


def line_of(text, at):
    return text.count("\n", 0, at) + 1
