"""The search attributes for finding jobs: `JobStatus`, `Model`, `Owner` (Keyword) and `Priority` (Int).

A prefix (PROMPTMILL_SEARCH_ATTRIBUTE_PREFIX) tells them from those of others in a shared namespace. Only who registers,
starts and lists needs it: a running workflow keeps the names that it was started with, see `workflows/recording.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

from promptmill.contracts.names import MODEL_ATTRIBUTE, OWNER_ATTRIBUTE, PRIORITY_ATTRIBUTE, STATUS_ATTRIBUTE

_RPC_TIMEOUT = timedelta(seconds=5)
_WANTED = {
    STATUS_ATTRIBUTE: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    MODEL_ATTRIBUTE: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    OWNER_ATTRIBUTE: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    PRIORITY_ATTRIBUTE: IndexedValueType.INDEXED_VALUE_TYPE_INT,
}


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
    def names(self) -> frozenset[str]:
        """The attributes that jobs are not found by."""
        return frozenset({*self.missing, *(name for name, _, _ in self.mistyped)})

    @property
    def type_problem(self) -> str | None:
        """In one sentence, which attributes have another type and what would be right; None if none has."""
        if not self.mistyped:
            return None
        told = ", ".join(f"{name} as {found} instead of {wanted}" for name, found, wanted in self.mistyped)
        return (
            f"Temporal's namespace has {told}, so jobs are not found by it: set PROMPTMILL_SEARCH_ATTRIBUTE_PREFIX, or "
            "use a namespace without it."
        )

    @property
    def missing_problem(self) -> str | None:
        """In one sentence, which attributes are missing and what to do; None if none is."""
        if not self.missing:
            return None
        return (
            f"Temporal's namespace lacks {', '.join(self.missing)}, having no room or not letting us register there: "
            "register with Temporal's own tool, or jobs are not found by it."
        )


def wanted_search_attributes(prefix: str) -> dict[str, IndexedValueType.ValueType]:
    """Return our search attributes as the namespace is to have them."""
    return {prefix + name: kind for name, kind in _WANTED.items()}


async def search_attribute_gaps(client: Client, prefix: str) -> AttributeGaps:
    """Return which of our search attributes the namespace lacks or has with another type.

    Raises:
        RPCError: Temporal is unavailable, or denies access.
    """
    answer = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace), timeout=_RPC_TIMEOUT
    )
    found, wanted = answer.custom_attributes, wanted_search_attributes(prefix)
    return AttributeGaps(
        missing=tuple(name for name in wanted if name not in found),
        mistyped=tuple(
            (name, _type_name(found[name]), _type_name(kind))
            for name, kind in wanted.items()
            if name in found and found[name] != kind
        ),
    )


def _type_name(kind: IndexedValueType.ValueType) -> str:
    words = IndexedValueType.Name(kind).removeprefix("INDEXED_VALUE_TYPE_").split("_")
    return "".join(word.capitalize() for word in words)


async def register_search_attributes(client: Client, prefix: str) -> AttributeGaps:
    """Register what is missing, one by one since a namespace may have room for some; return what is still not right.

    Where registering is not allowed (Temporal Cloud does it by its own tool) the attributes are left out of every
    start: a start with an unregistered one would be refused.

    Raises:
        RPCError: Temporal is unavailable.
    """
    wanted = wanted_search_attributes(prefix)
    for name in (await search_attribute_gaps(client, prefix)).missing:
        request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes={name: wanted[name]})
        try:
            await client.operator_service.add_search_attributes(request, timeout=_RPC_TIMEOUT)
        except RPCError as error:
            # Another process may have been faster; what counts is what exists now.
            if error.status in {RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED}:
                raise
    return await search_attribute_gaps(client, prefix)


def search_attributes(
    registered: frozenset[str], prefix: str, *, status: str | None, owner: str, priority: int, model: str | None
) -> TypedSearchAttributes:
    """Return the attributes of a new workflow, without those that the namespace lacks."""
    words = {STATUS_ATTRIBUTE: status, MODEL_ATTRIBUTE: model, OWNER_ATTRIBUTE: owner}
    pairs: list[SearchAttributePair[str] | SearchAttributePair[int]] = [
        SearchAttributePair(SearchAttributeKey.for_keyword(prefix + name), word)
        for name, word in words.items()
        if word is not None and prefix + name in registered
    ]
    if prefix + PRIORITY_ATTRIBUTE in registered:
        pairs.append(SearchAttributePair(SearchAttributeKey.for_int(prefix + PRIORITY_ATTRIBUTE), priority))
    return TypedSearchAttributes(pairs)
