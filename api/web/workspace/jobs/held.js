// Why a job waits for a pause to end: the own queue's is told apart from an admin's.

import { caller } from "../core/access.js";
import { momentOf } from "../core/format.js";
import { HELD } from "../words/rows.js";

/** @import { Job } from "../../types/page.js" */

/**
 * Return the sentence of a held job, else null.
 *
 * @param {Pick<Job, "wait">} job
 */
export function heldText({ wait }) {
	if (!wait.stoppedSince) return null;
	const since = momentOf(wait.stoppedSince);
	const said = wait.stoppedReason ?? "";
	if (wait.for === "resumption") return HELD.byAdmin(said, since);
	if (wait.for !== "own_resumption") return null;
	const actor = caller()?.actor;
	return actor && said.endsWith(` by ${actor}`) ? HELD.byYou(since) : HELD.byYours(since);
}
