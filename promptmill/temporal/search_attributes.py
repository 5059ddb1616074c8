"""The search attributes for finding jobs: `JobStatus`, `Model`, `Owner` (Keyword) and `Priority` (Int)."""

from __future__ import annotations

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


async def register_search_attributes(client: Client) -> tuple[str, ...]:
    """Register what is missing and return what is still missing.

    Where registering is not allowed (Temporal Cloud does it by its own tool) the attributes are left out of every
    start: a start with an unregistered one would be refused.

    Raises:
        RPCError: Temporal is unavailable.
    """
    missing = set(_WANTED) - await registered_search_attributes(client)
    if missing:
        request = AddSearchAttributesRequest(
            namespace=client.namespace, search_attributes={name: _WANTED[name] for name in missing}
        )
        try:
            await client.operator_service.add_search_attributes(request, timeout=_RPC_TIMEOUT)
        except RPCError as error:
            # Another process may have been faster; what counts is what exists now.
            if error.status in {RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED}:
                raise
    return tuple(sorted(set(_WANTED) - await registered_search_attributes(client)))


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
