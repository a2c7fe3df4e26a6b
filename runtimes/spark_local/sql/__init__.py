"""The part of Spark SQL that a SQLTransformer's statement may be written in, without Spark.

    SELECT * , expression [AS name], … FROM __THIS__ [WHERE condition]

Expressions: columns; whole numbers, decimals, doubles, text, TRUE, FALSE, NULL; + - * / % DIV and signs; = == <=> <> !=
< <= > >=, IS [NOT] NULL, [NOT] IN (…), [NOT] BETWEEN; AND, OR, NOT; CASE; CAST to boolean, int, bigint, double and
string; || and the functions in `functions`. Everything else is refused by its name when the statement is read. Whole
numbers of a row are bigint, others double; text and numbers are not compared or mixed without a CAST.

    tokens       the words of a statement
    statement    reads them: SELECT list and WHERE
    expression   what it is made of, and what Spark calls a column that nobody named
    types        the types of SQL, how they widen and how one is cast to another
    typed        an expression whose types are known
    operators    arithmetic, comparison, logic, CASE
    functions    those that are called by name
    evaluate     an expression for columns of given types, as one Python function
"""
