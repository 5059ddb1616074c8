// Who uses the page, and what they may do. Until that is known, everything is offered: the server decides in any case.

import { CORE } from "../words/core.js";

/** @import { Scope, Session } from "../../types/page.js" */

/** The owner named in the page's URL, for whom an admin acts. Each has a URL of its own, so it survives a reload. */
export const NAMED_OWNER = new URLSearchParams(location.search).get("owner");

/** How the actor begins whom a proxy has signed in; the person's name follows. */
const SIGNED_ON = "sso:";

/** @type {Partial<Record<Scope, string>>} */
const REASONS = {
	"jobs:read": CORE.noSeeing,
	"jobs:write": CORE.onlyLooking,
	"jobs:resolve": CORE.noDeciding,
};

/** @type {Session | null} */
let session = null;

/** @param {Session | null} found */
export function noteSession(found) {
	session = found;
}

/** Return who uses the page; null until the server has said so. */
export function caller() {
	return session;
}

/**
 * Return the name of a person whom a proxy has signed in; null for everybody else.
 *
 * @param {Session | null} of
 */
export function personOf(of) {
	return of?.actor?.startsWith(SIGNED_ON) ? of.actor.slice(SIGNED_ON.length) : null;
}

/** @param {Scope} scope */
export function may(scope) {
	return !session?.signedIn || session.scopes.includes(scope);
}

/**
 * Return why something that takes this scope is not offered, else null.
 *
 * @param {Scope} scope
 */
export function reasonWithout(scope) {
	return may(scope) ? null : CORE.takesScope(REASONS[scope] ?? CORE.noRight, scope);
}

/** Return the owner that an admin acts for, else null: everybody else, and that owner themselves, are just themselves. */
export function actingFor() {
	return may("admin") && NAMED_OWNER !== session?.owner ? NAMED_OWNER : null;
}

/**
 * Return whether two sessions are of the same owner and may do the same.
 *
 * @param {Session} one
 * @param {Session} other
 */
export function isSameCaller(one, other) {
	return one.owner === other.owner && hasSame(one.scopes, other.scopes);
}

/**
 * Return whether two lists have the same scopes, in any order.
 *
 * @param {readonly string[]} some
 * @param {readonly string[]} others
 */
export function hasSame(some, others) {
	return some.length === others.length && some.every((scope) => others.includes(scope));
}
