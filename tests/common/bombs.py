"""Texts made to be slow, deep or huge to render; each as long as it is asked to be."""

# ruff: noqa: E501 - the pieces stand by kind, one kind a line

from __future__ import annotations

from collections.abc import Callable

REPEATED = [
    *(
        "[",
        "]",
        "![",
        "[](",
        "[a](<",
        "[a](b",
        '[a](b "',
        "[a][",
        "[^",
        "^[",
        "[[]",
        "![[]()",
        "[a]()",
        "[a](b)",
        "![]()",
        "\\[",
    ),
    *("*", "_", "**a", "a**", "*a_", "*a **a ", "_*", "*_* ", "a*b_", "**a *b ", "~~", "~~a", "a~~ ", "~a*", "*~~_"),
    *("`", "`a", "``a`", "` ``", "```\n", "~~~\n", "<", "<a", "<a:", "<a:b>", "<!--", "<![CDATA[", "<?", ">", "a<b@"),
    *(
        "&",
        "&#",
        "&amp;",
        "&#x1F600;",
        "&lt",
        '"',
        "'",
        "\\",
        "\\\n",
        "a  \n",
        "\t",
        " ",
        "\n",
        "a\n",
        "\u00a0",
        "\u3000",
    ),
    *(
        "> ",
        ">",
        ">\n",
        "> a\n",
        "> > a\n>\n",
        "- ",
        "* a\n",
        "1. ",
        "1) a\n",
        "- - a\n",
        "- a\n\n",
        "-\n",
        "+ a\n\n\tb\n",
    ),
    *(
        "- [ ] a\n",
        "- [x] ",
        "1. - > ",
        "> - ",
        "-> a\n",
        "#",
        "# ",
        "# a\n",
        "#\n",
        "a\n=\n",
        "a\n-\n",
        "=\n",
        "---\n",
        "***\n",
    ),
    *("|", "|\n", "|a", "a|b\n-|-\n", "a|b\n-|-\nc|d\n\n", "-|", ":-:|", "|-\n", "\\|", "`|"),
    *("[a]: b\n", "[a]:", "[a]: b 'c\n", "[^a]: b\n", "[^a]\n", "[^a]: [^a]\n", "^[a]", "[a\n", "[a]: <\n", "[\\\n"),
    *(
        "@ab ",
        "@ab",
        "@a@",
        "@",
        "@ab,@",
        "(@ab)",
        "@a-",
        "@ab-",
        "a@",
        "a@b.",
        "a@b.c ",
        "a.",
        "a.b",
        "a.bc ",
        "a.com/",
        "a.com ",
    ),
    *(
        "http://",
        "http://a",
        "http://a.b ",
        "//",
        "//a.b ",
        "https://a.com/(",
        "https://a.com/[",
        'https://a.com/"',
        "www.",
        "a:",
    ),
    *(
        "mailto:",
        "mailto:a@b.cd ",
        "ftp://a.bc ",
        "http://a.bc:",
        "http://a@",
        "a://",
        "_http://",
        "http://1.",
        "1.1.1.1 ",
    ),
    *(
        "\u65e5.jp ",
        "\u65e5",
        "[a](\u65e5) ",
        "xn--",
        "http://xn--a ",
        "a-",
        "a--",
        "a_b.",
        "\U0001f469\u200d",
        "\u0301",
        "\u202e",
        "\u200b",
    ),
    *(
        "<script>",
        "<b>",
        "<img src=x>",
        "\0",
        "\r",
        "\r\n",
        "\x0b",
        "\x0c",
        "\u2028",
        "\ufeff",
        "{#a}",
        "# a {#a}\n",
        "$",
        "$$",
    ),
]

CODE = [
    *("{", "(", '"', "'", '"""', "\\", "/*", "<!--", "<", "<a ", "&", "*", "_", "#", "- ", "@", "$(", "${", "`", ":", ";"),
    *("a", "a ", "0", "0.", "f'{", "r'''", "1e", "a=", "if ", "def ", "class a", "/", "//", "=~", "<<a\n", "{{", "[", "\n", " ", "\t"),
    *("---\n", "a: ", "? ", "|\n", "&a ", "*a ", "!!", "<script>", "<style>", "x'", "--", "E'", "BEGIN ", "[a](", "```\n", "$ ", ">>> "),
]  # fmt: skip
LANGUAGES = ("bash", "console", "css", "html", "javascript", "json", "markdown", "python", "sql", "toml", "yaml")

Bomb = Callable[[int], str]


def repeated(piece: str) -> Bomb:
    return lambda length: (piece * (length // len(piece) + 1))[:length]


def around(head: str, piece: str, tail: str) -> Bomb:
    """As many `piece`s as `tail`s, as brackets have it."""
    return lambda length: (head + piece * (n := (length - len(head)) // (len(piece) + len(tail))) + tail * n).ljust(
        length
    )


def led(head: str, piece: str) -> Bomb:
    return lambda length: (head + repeated(piece)(length))[:length]


def halves(first: str, second: str) -> Bomb:
    return lambda length: repeated(first)(length // 2) + repeated(second)(length - length // 2)


def counted(line: str) -> Bomb:
    def bomb(length: int) -> str:
        return "".join(line.replace("N", str(n)) for n in range(length // len(line) + 1))[:length]

    return bomb


def stairs(line: str) -> Bomb:
    """Each line two blanks further to the right."""

    def bomb(length: int) -> str:
        return "".join("  " * n + line for n in range(int(length**0.5) + 1))[:length]

    return bomb


def one_reference(signs: int) -> Bomb:
    """A long address that is named once and pointed at everywhere."""
    return lambda length: led(f"[a]: http://a.example/{'x' * (length * signs // 100)}\n\n", "[a]")(length)


def wide_table(columns: int) -> Bomb:
    return led("|" * columns + "a\n" + "-|" * columns + "-\n", "a\n")


def shallow(length: int) -> str:
    """Runs of backticks of all lengths, none of which closes another."""
    text = ""
    while len(text) < length:
        text += "`" * (text.count("a") + 1) + "a"
    return text[:length]


BOMBS: dict[str, Bomb] = {
    **{f"repeated {piece!r}": repeated(piece) for piece in REPEATED},
    **{f"words and {piece!r}": repeated("word " * 3 + piece) for piece in REPEATED},
    **{f"cell {piece!r}": led("a|b\n-|-\n", f"{piece}|x\n") for piece in REPEATED if "\n" not in piece},
    **{f"quoted {piece!r}": repeated(f"> {piece}\n") for piece in REPEATED if "\n" not in piece},
    **{f"in a list {piece!r}": repeated(f"- {piece}\n") for piece in REPEATED if "\n" not in piece},
    **{f"{language} {piece!r}": led(f"```{language}\n", piece) for language in LANGUAGES for piece in CODE},
    "brackets": around("", "[", "]"),
    "links": around("", "[", "](a)"),
    "images": around("", "![", "](a)"),
    "notes": around("", "^[", "]"),
    "notes with a footnote": led("[^a]: b\n\n", "[^"),
    "emphasis": around("", "*a ", " b*"),
    "strong emphasis": around("", "**a ", " b**"),
    "braces": around("[a](", "(", ")"),
    "mixed emphasis": halves("*a _b ", "c* d_ "),
    "opened and closed": halves("**a ", "b* "),
    "opened, then brackets": halves("[a", "](b"),
    "stars, then underlines": halves("*a ", "_b "),
    "open links": halves("[", "a](b "),
    "a thousand quotes": lambda length: ("> " * 1000 + "deep\n\n" + repeated("> > a\n")(length))[:length],
    "lazy quotes": lambda length: (">" * (length // 2) + "a\n" * length)[:length],
    "lazy lists": lambda length: ("- " * (length // 4) + "a\n" * length)[:length],
    "stairs of a list": stairs("- a\n"),
    "stairs of numbers": stairs("1. a\n"),
    "stairs of quotes": stairs("> a\n"),
    "all mentions": counted("@mN "),
    "all references": counted("[N]: a\n"),
    "references, then pointers": lambda length: counted("[N]: a\n")(length // 2) + counted("\n[N]")(length // 2),
    "all footnotes": lambda length: counted("[^N]: a\n\n")(length // 2) + counted("[^N] ")(length // 2),
    "one footnote": led("[^a]: b\n\n", "[^a]"),
    "nested footnotes": lambda length: "".join("    " * n + "[^a]: b\n\n" for n in range(200))[:length],
    "short reference": one_reference(1),
    "long reference": one_reference(50),
    "longest reference": one_reference(90),
    "wide table": wide_table(1000),
    "square table": wide_table(200),
    "narrow table": wide_table(20),
    "unclosed runs": shallow,
    "unclosed runs, marked": lambda length: shallow(length).replace("a", "*"),
    "a long word": repeated("x"),
    "a long line": repeated("word "),
    "long address": led("http://a.example/", "a"),
    "long host": led("http://", "a."),
    "long name of a host": led("http://", "a-"),
    "address of brackets": led("http://a.example/", "(["),
    "long address of mail": led("", "a.b"),
    "addresses without blanks": repeated("http://a.example,"),
    "half entities": counted("&N"),
    "half tags": counted("<aN "),
    "numbers of lists": counted("N. a\n\n"),
    "paragraph of rulers": repeated("a\n- - - a\n"),
    "unclosed definition": led("[a]: b '", "c\n"),
    "unclosed label": led("[", "a\n"),
    "unclosed labels": repeated("[a\nb\n\n"),
    "destination unclosed": repeated("[a](<b\n"),
    "title unclosed": repeated('[a](b "\n'),
}
