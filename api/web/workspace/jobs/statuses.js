// A job's statuses as they are shown: word and group come from the server, icon and tone are the page's.

import { may } from "../core/access.js";
import { vocabulary } from "../core/vocabulary.js";
import { CORE } from "../words/core.js";

/** @import { Job, Tone } from "../../types/page.js" */

/** @type {Record<string, [icon: string, tone: Tone]>} */
const LOOKS = {
	queued: ["clock", "wait"],
	prompting: ["pen", "work"],
	dispatching: ["send", "wait"],
	submit_unknown: ["question", "attention"],
	generating: ["ring", "work"],
	cancelling: ["slash", "quiet"],
	completed: ["check", "good"],
	failed: ["cross", "bad"],
	cancelled: ["slash", "quiet"],
	expired: ["hourglass", "bad"],
	terminated: ["square", "bad"],
};

const STATUSES = new Map(vocabulary.statuses.map((status) => [status.status, status]));

/** @typedef {{ id: string, name: string, statuses: string[] }} Group One filter; without statuses it shows all jobs. It has the look of its first status. */

/** @type {Group} */
const ALL = { id: "all", name: CORE.all, statuses: [] };

/** @type {Group[]} */
export const GROUPS = [
	ALL,
	...vocabulary.groups.map(({ id, name }) => ({
		id,
		name,
		statuses: vocabulary.statuses.filter(({ group }) => group === id).map(({ status }) => status),
	})),
];

/**
 * Return how a status is shown; one that only a newer server knows is shown by its name.
 *
 * @param {string} status
 */
export function statusLook(status) {
	const [icon, tone] = LOOKS[status] ?? ["info", "quiet"];
	return { word: STATUSES.get(status)?.word ?? status, icon, tone };
}

/** @param {Pick<Job, "status">} job */
export function isFinal(job) {
	return STATUSES.get(job.status)?.final ?? false;
}

/** @param {Job} job */
export function canCancel(job) {
	return may("jobs:write") && Boolean(job.links.cancel) && job.status !== "cancelling";
}

/** @param {Job} job */
export function canRetry(job) {
	return may("jobs:write") && Boolean(job.links.retry);
}

/** @param {Job} job */
export function canErase(job) {
	return may("jobs:write") && Boolean(job.links.erase);
}

/** @param {Job} job */
export function isErased(job) {
	return job.eraseRequestedAt !== null;
}

/** @param {string} id */
export function groupOf(id) {
	return GROUPS.find((group) => group.id === id) ?? ALL;
}
