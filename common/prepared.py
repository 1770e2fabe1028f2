"""Reads that stand before every page: Django makes their SQL once, and afterwards only their values are sent.

For a short statement Django takes several times as long to write the SQL as PostgreSQL takes to answer.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators
from django.utils.functional import cached_property

Row = TypeVar("Row", bound=Model)

# Of each type a value for each number, which nothing else in a query has; where it stands, the real one goes.
STAND_INS: dict[type, Callable[[int], Any]] = {
    uuid.UUID: lambda number: uuid.UUID(int=0x70465029183746551029 + number),
    datetime: lambda number: datetime(1970, 4, 6, 5, 2, 9, 183746 + number, UTC),
    str: lambda number: f"70465029183746551029{number}",
    int: lambda number: 704650291 + number,
}


class NotPreparable(Exception):
    """A query depends on something that is not among its values."""


@dataclass(frozen=True)
class Plan:
    """What Django's compiler found out; `values` names the value of each parameter that has one."""

    sql: str
    parameters: list[Any]
    values: list[tuple[int, str]]
    model: type[Model]
    columns: slice
    attributes: list[str]
    populators: list[Any]
    annotations: Mapping[str, int]
    # What makes a field's value of what the database sends, by the place of its column.
    converters: Mapping[int, tuple[Sequence[Callable[..., Any]], Any]]

    def converted(self, row: tuple[Any, ...]) -> Sequence[Any]:
        if not self.converters:
            return row
        values = list(row)
        for place, (converters, expression) in self.converters.items():
            for convert in converters:
                values[place] = convert(values[place], expression, connection)
        return values


class Prepared(Generic[Row]):
    """One row of a query, found by values of the given types.

    `build` gets the values by name and returns the query. Whatever else it depends on is fixed at
    its first use, so it must take the time as a value too; a query that differs from one moment to the next
    is refused (NotPreparable).
    """

    def __init__(self, build: Callable[..., QuerySet[Row]], **types: type) -> None:
        self.build = build
        self.types = types

    def first(self, **values: Any) -> Row | None:
        """The row that has these values, as the query itself would find it."""
        plan = self.plan
        parameters = plan.parameters.copy()
        for place, name in plan.values:
            parameters[place] = values[name]
        with connection.cursor() as cursor:
            cursor.execute(plan.sql, parameters)
            row = cursor.fetchone()
        if row is None:
            return None
        row = plan.converted(row)
        found: Any = plan.model.from_db(connection.alias, plan.attributes, row[plan.columns])
        for populator in plan.populators:
            populator.populate(row, found)
        for name, place in plan.annotations.items():
            setattr(found, name, row[place])
        return found  # type: ignore[no-any-return]

    @cached_property
    def plan(self) -> Plan:
        stand_ins, different = self.stand_ins(0), self.stand_ins(len(self.types))
        compiler, parameters = self.compiled(stand_ins)
        _, others = self.compiled(different)
        names = {(type(value), value): name for name, value in stand_ins.items()}
        values = []
        for place, (parameter, other) in enumerate(zip(parameters, others, strict=True)):
            if parameter == other:
                continue
            name = names.get((type(parameter), parameter))
            if name is None:
                raise NotPreparable(f"{parameter!r} is another each time, and none of {tuple(self.types)}")
            values.append((place, name))
        if {name for _, name in values} != set(self.types):
            raise NotPreparable(f"not all of {tuple(self.types)} are in the query")
        chosen = compiler.klass_info["select_fields"]
        columns = slice(chosen[0], chosen[-1] + 1)
        return Plan(
            sql=compiler.as_sql()[0],
            parameters=parameters,
            values=values,
            model=compiler.klass_info["model"],
            columns=columns,
            attributes=[column.target.attname for column, _, _ in compiler.select[columns]],
            populators=get_related_populators(compiler.klass_info, compiler.select, connection.alias),  # type: ignore[call-arg]  # typed as in Django 6
            annotations=compiler.annotation_col_map,
            converters=compiler.get_converters([column for column, _, _ in compiler.select]),
        )

    def stand_ins(self, first: int) -> dict[str, Any]:
        """One for each value, numbered from `first` on."""
        return {name: STAND_INS[kind](number) for number, (name, kind) in enumerate(self.types.items(), start=first)}

    def compiled(self, stand_ins: dict[str, Any]) -> tuple[Any, list[Any]]:
        compiler: Any = self.build(**stand_ins)[:1].query.get_compiler(connection=connection)
        _, parameters = compiler.as_sql()
        return compiler, list(parameters)
