// The audit log in words: who, what, to what, and what it was before.

import { exactTime, usd } from "../core/format.js";

/** Every action of the API; a test keeps them complete. @type {Record<string, string>} */
export const ACTIONS = {
	"owner.add": "Added an owner",
	"owner.limit": "Limited an owner",
	"owner.pause": "Paused an owner",
	"owner.resume": "Resumed an owner",
	"queue.pause": "Paused their own queue",
	"queue.resume": "Resumed their own queue",
	"owner.erase": "Erased an owner’s jobs",
	"owner.export": "Exported an owner’s data",
	"key.create": "Made a key",
	"key.revoke": "Revoked a key",
	"session.begin": "Signed in",
	"session.end": "Ended a session",
	"session.refuse": "Was not let in",
	"budget.set": "Set a budget",
	"budget.remove": "Removed a budget",
	"switch.set": "Set a switch",
	"brake.set": "Set a brake",
	"job.cancel": "Cancelled a job",
	"job.change": "Changed a waiting job",
	"batch.create": "Sent a batch",
	"batch.approve": "Approved the prompts of a batch",
	"batch.pause": "Paused a batch",
	"batch.resume": "Resumed a batch",
	"batch.cancel": "Cancelled a batch",
	"batch.retry": "Retried what failed of a batch",
	"batch.change": "Changed a batch",
	"output.share": "Shared an output",
	"job.retry": "Retried a job",
	"job.force-retry": "Retried a job although it may be charged",
	"job.resolve": "Decided on an unclear charge",
	"job.erase": "Erased a job",
	"prompt-job.cancel": "Cancelled a prompt job",
	"record.purge": "Removed what was simulated",
	"record.restore": "Restored a backup",
};

/**
 * Return what was done; an action of a newer API by its own name.
 *
 * @param {string} action
 */
export function actionText(action) {
	return ACTIONS[action] ?? action;
}

/**
 * Return who did it: `Nightly (pm_3f9Kq2Lm…), in a browser`.
 *
 * @param {string} actor As the log has it.
 * @param {Map<string, string>} [names] The names of keys by id.
 */
export function actorText(actor, names) {
	// Names that people were given elsewhere go first: nobody is taken for a key by being called like one.
	const person = /^sso:(.*)$/.exec(actor)?.[1];
	if (person) return `${person}, signed in by the proxy`;
	const user = /^cli:(.*)$/.exec(actor)?.[1];
	if (user) return `${user}, at the command line`;
	const browser = actor.startsWith("session:") ? ", in a browser" : "";
	const id = /\bkey:(\w+)$/.exec(actor)?.[1];
	if (id) return `${names?.get(id) ?? "Key"} (pm_${id}…)${browser}`;
	if (/\btoken$/.test(actor)) return `API token${browser}`;
	if (actor === "local") return "somebody on this machine";
	if (actor === "unknown") return "somebody unknown";
	return actor === "promptmill" ? "Promptmill itself" : actor;
}

/**
 * Return what changed, such as `limit: $5.00 → $7.00`; of what is new, its value alone.
 *
 * @param {Record<string, unknown> | null} before
 * @param {Record<string, unknown> | null} after
 */
export function changeText(before, after) {
	const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
	return names
		.map((name) => {
			const [old, now] = [before?.[name], after?.[name]].map((value) => valueText(name, value));
			if (!old && !now) return "";
			return `${nameText(name)}: ${old && old !== now ? `${old} → ${now || "none"}` : now}`;
		})
		.filter(Boolean)
		.join("; ");
}

/** @param {string} name */
function nameText(name) {
	return name.replace(/Usd$/, "").replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function valueText(name, value) {
	if (value === null || value === undefined) return "";
	if (name.endsWith("Usd") && typeof value === "number") return usd(value);
	if (typeof value === "string" && /(At|Until)$/.test(name) && !Number.isNaN(Date.parse(value))) return exactTime(value);
	if (typeof value === "string" && name.endsWith("By")) return actorText(value);
	if (Array.isArray(value)) return value.join(", ");
	return typeof value === "object" ? JSON.stringify(value) : String(value);
}
