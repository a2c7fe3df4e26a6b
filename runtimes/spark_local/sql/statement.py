"""A SQLTransformer's statement, read: `SELECT … FROM __THIS__ [WHERE …]`.

Spark's `SqlBaseParser.g4`, 4.3: names in backticks, text in single or double quotes, AND before OR, a comparison before
IS, IN and BETWEEN. What is not read is refused by its name.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Unreadable
from .expression import Call, Column, Expression, Literal, column_name
from .functions import FUNCTIONS
from .tokens import Token, number, tokens
from .types import BOOLEAN, CASTS, STRING, VOID, Type


@dataclass(frozen=True)
class Statement:
    """`star`: whether all columns stay, before those of `items`, which are an expression for each new name."""

    star: bool
    items: tuple[tuple[str, Expression], ...]
    where: Expression | None


def read(statement: str, spark_version: tuple[int, int]) -> Statement:
    """The statement. Raises Unreadable, which names what is not read."""
    return _Reader(statement, spark_version).statement()


# fmt: off
_KEYWORDS = frozenset((
    "and", "as", "between", "by", "case", "cross", "distinct", "div", "else", "end", "except", "exists", "from",
    "full", "group", "having", "ilike", "in", "inner", "interval", "intersect", "is", "join", "lateral", "left",
    "like", "limit", "minus", "natural", "not", "on", "or", "order", "outer", "over", "regexp", "right", "rlike",
    "select", "semi", "sort", "then", "union", "using", "when", "where", "window", "with",
))
# fmt: on
_COMPARISONS = {"=": "=", "==": "=", "<=>": "<=>", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "<>": "=", "!=": "="}
_CALLED_BY_TYPE = {name: type_ for name, type_ in CASTS.items() if name not in ("integer", "long")}


class _Reader:
    """Goes through the tokens, each method past what it reads."""

    def __init__(self, statement: str, spark_version: tuple[int, int]) -> None:
        self._tokens = list(tokens(statement))
        self._at = 0
        self._version = spark_version

    def statement(self) -> Statement:
        self._expect("select")
        star = self._take("*")
        items = []
        while not star or self._take(","):
            items.append(self._item())
            if not star and not self._take(","):
                break
        self._expect("from")
        if (token := self._next()).text != "__THIS__" or token.kind not in ("word", "quoted"):
            raise self._refused(token)
        where = self._condition() if self._take("where") else None
        self._take(";")
        if (token := self._peek()).kind != "end":
            raise self._refused(token)
        return Statement(star, tuple(items), where)

    def _item(self) -> tuple[str, Expression]:
        expression = self._condition()
        named = self._take("as")
        token = self._peek()
        if token.kind == "quoted" or (token.kind == "word" and token.text.lower() not in _KEYWORDS):
            return self._next().text, expression
        if named:
            raise self._refused(token)
        return column_name(expression, self._version), expression

    def _condition(self) -> Expression:
        found = self._conjunction()
        while self._take("or"):
            found = Call("or", (found, self._conjunction()))
        return found

    def _conjunction(self) -> Expression:
        found = self._negation()
        while self._take("and"):
            found = Call("and", (found, self._negation()))
        return found

    def _negation(self) -> Expression:
        if self._take("not") or self._take("!"):
            return Call("not", (self._negation(),))
        return self._predicate()

    def _predicate(self) -> Expression:
        found = self._comparison()
        if self._take("is"):
            negated = self._take("not")
            self._expect("null")
            return Call("is not null" if negated else "is null", (found,))
        negated = self._take("not")
        if self._take("in"):
            self._expect("(")
            found = Call("in", (found, *self._arguments()))
            if len(found.arguments) < 2:
                raise Unreadable("IN without a value")
        elif self._take("between"):
            low = self._comparison()
            self._expect("and")
            found = Call("between", (found, low, self._comparison()))
        elif negated:
            raise self._refused(self._peek())
        return Call("not", (found,)) if negated else found

    def _comparison(self) -> Expression:
        found = self._sum()
        while self._peek().kind == "symbol" and (symbol := self._peek().text) in _COMPARISONS:
            self._next()
            found = Call(_COMPARISONS[symbol], (found, self._sum()))
            found = Call("not", (found,)) if symbol in ("<>", "!=") else found
        return found

    def _sum(self) -> Expression:
        found = self._product()
        while symbol := self._one_of("+", "-", "||"):
            found = Call("concat" if symbol == "||" else symbol, (found, self._product()))
        return found

    def _product(self) -> Expression:
        found = self._signed()
        while symbol := self._one_of("*", "/", "%", "div"):
            found = Call(symbol, (found, self._signed()))
        return found

    def _signed(self) -> Expression:
        if self._take("-"):
            if self._peek().kind == "number":
                return number("-" + self._next().text)
            return Call("negative", (self._signed(),))
        return Call("positive", (self._signed(),)) if self._take("+") else self._primary()

    def _primary(self) -> Expression:
        token = self._next()
        word = token.text.lower() if token.kind == "word" else ""
        if token.kind == "number":
            return number(token.text)
        if token.kind == "text":
            if self._peek().kind == "text":
                raise Unreadable("two texts, one behind the other, are not read: Spark's versions differ")
            return Literal(STRING, token.text, token.text)
        if token.kind == "symbol" and token.text == "(":
            found = self._condition()
            self._expect(")")
            return found
        if word in ("true", "false"):
            return Literal(BOOLEAN, word == "true", word)
        if word == "null":
            return Literal(VOID, None, "NULL")
        if word == "case":
            return self._case()
        if word and word not in _KEYWORDS and self._take("("):
            return self._call(word)
        if token.kind == "quoted" or (word and word not in _KEYWORDS):
            if token.text == "__THIS__" and self._take("."):
                token = self._next()
            if self._take("."):
                raise Unreadable(f"a field of {token.text!r} is not read")
            if token.kind == "quoted" or (token.kind == "word" and self._peek().kind != "text"):
                return Column(token.text)
        raise self._refused(token)

    def _case(self) -> Expression:
        of = None if self._peek().text.lower() == "when" else self._condition()
        arguments: list[Expression] = []
        while self._take("when"):
            when = self._condition()
            self._expect("then")
            arguments += [when if of is None else Call("=", (of, when)), self._condition()]
        if not arguments:
            raise self._refused(self._peek())
        if self._take("else"):
            arguments.append(self._condition())
        self._expect("end")
        return Call("case", tuple(arguments))

    def _call(self, name: str) -> Expression:
        if name == "cast":
            found = self._condition()
            self._expect("as")
            to = self._type(self._next())
            self._expect(")")
            return Call("cast", (found,), to)
        arguments = self._arguments()
        if name in _CALLED_BY_TYPE and len(arguments) == 1:
            return Call("cast", arguments, _CALLED_BY_TYPE[name])
        if name in ("isnull", "isnotnull") and len(arguments) == 1:
            return Call("is null" if name == "isnull" else "is not null", arguments)
        if name not in FUNCTIONS:
            raise Unreadable(f"the function {name} is not among those that are evaluated: {', '.join(FUNCTIONS)}")
        if not FUNCTIONS[name].takes(len(arguments)):
            raise Unreadable(f"the function {name} does not take {len(arguments)} arguments")
        return Call(name, arguments)

    def _type(self, token: Token) -> Type:
        if token.kind == "word" and token.text.lower() in CASTS:
            return CASTS[token.text.lower()]
        raise Unreadable(f"CAST to {token.text} is not evaluated, only to {', '.join(CASTS)}")

    def _arguments(self) -> tuple[Expression, ...]:
        """What stands between parentheses, the first of which has been read."""
        if self._take(")"):
            return ()
        found = [self._condition()]
        while self._take(","):
            found.append(self._condition())
        self._expect(")")
        return tuple(found)

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += token.kind != "end"
        return token

    def _take(self, word: str) -> bool:
        token = self._peek()
        found = token.kind in ("word", "symbol") and token.text.lower() == word
        self._at += found
        return found

    def _one_of(self, *words: str) -> str | None:
        return next((word for word in words if self._take(word)), None)

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise self._refused(self._peek(), f", where {word.upper()} is expected")

    def _refused(self, token: Token, where: str = "") -> Unreadable:
        found = "the end" if token.kind == "end" else token.text.upper() if token.kind == "word" else repr(token.text)
        return Unreadable(f"{found}{where or ' is not among what is evaluated of SQL'}")
