"""Nothing grows without anybody noticing: files of at most 400 lines, functions of at most 60."""

import ast

from tests.architecture.source import Finding, files, functions, name, python_files, report, text, tree

FOLDERS = ("apps", "config", "launcher", "matching")
COMPILED = {".pyx", ".pxd", ".hpp", ".cpp"}
FILE_LINES = 400
FUNCTION_LINES = 60


def long_functions(module: ast.AST, path: str) -> list[Finding]:
    """Find functions that span more than FUNCTION_LINES lines, from `def` to their last line."""
    return [
        Finding(path, function.lineno, f"{function.name} has {lines} lines")
        for function in functions(module)
        if (lines := (function.end_lineno or function.lineno) - function.lineno + 1) > FUNCTION_LINES
    ]


def test_no_file_is_too_long():
    compiled = [p for p in files() if p.suffix in COMPILED and name(p).startswith("matching/")]
    findings = [
        Finding(name(path), lines, f"{lines} lines")
        for path in (*python_files(*FOLDERS), *compiled)
        if (lines := len(text(path).splitlines())) > FILE_LINES
    ]
    report(findings, f"A file has at most {FILE_LINES} lines; split it into a package of the same name.")


def test_no_function_is_too_long():
    findings = [found for path in python_files(*FOLDERS) for found in long_functions(tree(path), name(path))]
    report(findings, f"A function has at most {FUNCTION_LINES} lines; aim at 10.")


def test_the_longest_allowed_function_passes_and_one_line_more_does_not():
    body = "    x = 1\n"
    assert not long_functions(ast.parse("def f():\n" + body * (FUNCTION_LINES - 1)), "sample")
    assert long_functions(ast.parse("def f():\n" + body * FUNCTION_LINES), "sample")
