// What a job's panel has of tags and collections.

import { el } from "../core/dom.js";
import { TAGS } from "../words/collections.js";
import { collectButton, collectionsOf } from "./collections.js";
import { saveButton } from "./save_template.js";
import { tagsOf } from "./tags.js";

/** @import { Job } from "../../types/page.js" */

/**
 * Return the section's content; null for an erased job, which keeps nothing.
 *
 * @param {Job} job
 * @param {number} index Of the output that is shown.
 */
export function keptOf(job, index) {
	if (job.eraseRequestedAt) return null;
	const places = job.outputs[index] ? [{ jobId: job.jobId, index: job.outputs[index].index }] : [];
	return [
		el("h3", TAGS.title),
		...tagsOf(job),
		el("div.kept-line", ...(places.length ? [collectButton(() => places)] : []), saveButton(job), ...collectionsOf(job)),
	];
}
