// Keys and sessions in words.

import { vocabulary } from "../core/vocabulary.js";

/** @import { ApiKey, Scope } from "../../types/page.js" */

/** @type {Record<string, string>} */
const ROLES = {
	viewer: "Sees jobs, and changes nothing.",
	member: "Sees, creates, cancels and retries jobs. What most programs and people need.",
	operator: "Also decides on unclear charges, and runs the installation.",
	admin: "May do everything, for every owner, and makes keys.",
	metrics: "Reads the metrics, and nothing else.",
};

/** @type {Record<Scope, string>} */
export const SCOPES = {
	"jobs:read": "see jobs, prompts and statistics",
	"jobs:write": "create, cancel, retry and rate jobs; upload images",
	"jobs:resolve": "decide on unclear charges, and force retries",
	operate: "set up and run the installation",
	admin: "manage owners, keys and sessions, for every owner",
	"metrics:read": "read the metrics",
};

/** @param {string} role */
export function roleText(role) {
	return ROLES[role] ?? "";
}

/**
 * Return whether a key can be used, else why not.
 *
 * @param {Pick<ApiKey, "revokedAt" | "expiresAt">} key
 * @param {number} now In milliseconds.
 */
export function stateOf({ revokedAt, expiresAt }, now) {
	if (revokedAt) return "revoked";
	return expiresAt && Date.parse(expiresAt) <= now ? "expired" : "usable";
}

/**
 * Return the roles that somebody may give: no key grants more than its maker has.
 *
 * @param {(scope: Scope) => boolean} has
 */
export function rolesWithin(has) {
	return vocabulary.roles.filter(({ scopes }) => scopes.every(has)).map(({ role }) => role);
}

/**
 * Return when a key ends that is made now.
 *
 * @param {string} days Empty for never.
 * @param {number} now In milliseconds.
 */
export function expiryIn(days, now) {
	return days ? new Date(now + Number(days) * 86400000).toISOString() : null;
}

const BROWSERS = /(Edg|OPR|Firefox|Chrome|Chromium|Safari)\//g;
/** @type {Record<string, string>} */
const BROWSER_NAMES = { Edg: "Edge", OPR: "Opera", Chromium: "Chrome" };
const SYSTEMS = /\b(Windows|Android|iPhone|iPad|Mac OS X|CrOS|Linux)\b/;
/** @type {Record<string, string>} */
const SYSTEM_NAMES = { "Mac OS X": "macOS", CrOS: "ChromeOS", iPhone: "an iPhone", iPad: "an iPad" };
/** Most name several others, too; the first of these is meant. */
const BY_RANK = ["Edg", "OPR", "Firefox", "Chromium", "Chrome", "Safari"];

/**
 * Return the browser that a User-Agent names, such as `Firefox on Linux`, else its text.
 *
 * @param {string | null} agent
 */
export function browserName(agent) {
	const named = new Set([...(agent ?? "").matchAll(BROWSERS)].map(([, name]) => name));
	const browser = BY_RANK.find((name) => named.has(name));
	if (!browser) return agent || "Unknown browser";
	const system = /Android/.test(agent ?? "") ? "Android" : SYSTEMS.exec(agent ?? "")?.[1];
	return `${BROWSER_NAMES[browser] ?? browser}${system ? ` on ${SYSTEM_NAMES[system] ?? system}` : ""}`;
}
