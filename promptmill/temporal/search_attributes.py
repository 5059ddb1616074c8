"""The search attributes for finding jobs: `JobStatus`, `Model`, `Owner` (Keyword) and `Priority` (Int)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

from promptmill.contracts.names import PRIORITY_ATTRIBUTE, SEARCH_ATTRIBUTES

_RPC_TIMEOUT = timedelta(seconds=5)
_WANTED = dict.fromkeys(SEARCH_ATTRIBUTES, IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD) | {
    PRIORITY_ATTRIBUTE: IndexedValueType.INDEXED_VALUE_TYPE_INT
}


async def registered_search_attributes(client: Client) -> frozenset[str]:
    """Return which of our search attributes the namespace has, with the right type.

    Raises:
        RPCError: Temporal is unavailable, or denies access.
    """
    answer = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace), timeout=_RPC_TIMEOUT
    )
    return frozenset(name for name, kind in _WANTED.items() if answer.custom_attributes.get(name) == kind)


@dataclass(frozen=True)
class AttributeGaps:
    """What keeps a namespace from finding jobs by our search attributes; jobs run all the same.

    Attributes:
        missing: Names that the namespace does not have.
        mistyped: Names that it has with another type, each with the types as Temporal's tools call them: its own, ours.
    """

    missing: tuple[str, ...] = ()
    mistyped: tuple[tuple[str, str, str], ...] = ()

    @property
    def type_problem(self) -> str | None:
        """In one sentence, which attributes have another type and what would be right; None if none has."""
        if not self.mistyped:
            return None
        told = ", ".join(f"{name} as {found} instead of {wanted}" for name, found, wanted in self.mistyped)
        return f"Temporal's namespace has {told}, so jobs are not found by it: use a namespace without it."

    @property
    def missing_problem(self) -> str | None:
        """In one sentence, which attributes are missing and what to do; None if none is."""
        if not self.missing:
            return None
        return (
            f"Temporal's namespace lacks {', '.join(self.missing)}, having no room or not letting us register there: "
            "register with Temporal's own tool, or jobs are not found by it."
        )


async def search_attribute_gaps(client: Client) -> AttributeGaps:
    """Return which of our search attributes the namespace lacks or has with another type.

    Raises:
        RPCError: Temporal is unavailable, or denies access.
    """
    answer = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace), timeout=_RPC_TIMEOUT
    )
    found = answer.custom_attributes
    return AttributeGaps(
        missing=tuple(name for name in _WANTED if name not in found),
        mistyped=tuple(
            (name, _type_name(found[name]), _type_name(wanted))
            for name, wanted in _WANTED.items()
            if name in found and found[name] != wanted
        ),
    )


def _type_name(kind: IndexedValueType.ValueType) -> str:
    words = IndexedValueType.Name(kind).removeprefix("INDEXED_VALUE_TYPE_").split("_")
    return "".join(word.capitalize() for word in words)


async def register_search_attributes(client: Client) -> AttributeGaps:
    """Register what is missing, one by one since a namespace may have room for some; return what is still not right.

    Where registering is not allowed (Temporal Cloud does it by its own tool) the attributes are left out of every
    start: a start with an unregistered one would be refused.

    Raises:
        RPCError: Temporal is unavailable.
    """
    for name in (await search_attribute_gaps(client)).missing:
        request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes={name: _WANTED[name]})
        try:
            await client.operator_service.add_search_attributes(request, timeout=_RPC_TIMEOUT)
        except RPCError as error:
            # Another process may have been faster; what counts is what exists now.
            if error.status in {RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED}:
                raise
    return await search_attribute_gaps(client)


def search_attributes(
    registered: frozenset[str], *, status: str, owner: str, priority: int, model: str | None
) -> TypedSearchAttributes:
    """Return the attributes of a new workflow, without those that the namespace lacks."""
    words = {"JobStatus": status, "Model": model, "Owner": owner}
    pairs: list[SearchAttributePair[str] | SearchAttributePair[int]] = [
        SearchAttributePair(SearchAttributeKey.for_keyword(name), word)
        for name, word in words.items()
        if word is not None and name in registered
    ]
    if PRIORITY_ATTRIBUTE in registered:
        pairs.append(SearchAttributePair(SearchAttributeKey.for_int(PRIORITY_ATTRIBUTE), priority))
    return TypedSearchAttributes(pairs)
