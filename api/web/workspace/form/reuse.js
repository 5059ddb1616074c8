// The form's values for one more job like another.

/** @import { FormValues, Job } from "../../types/page.js" */
/** @import { Models } from "./models.js" */

/**
 * Return the values. The images of the job's input become lines that can be edited, and so do those that only Grok received.
 *
 * @param {Job} job
 * @param {Models} models
 * @returns {Partial<FormValues>}
 */
export function valuesOf(job, models) {
	const { model, prompt, originalPrompt, instructions, priority, metadata } = job;
	const { [models.get(model)?.picturesField ?? ""]: shown, ...input } = job.input;
	const sent = /** @type {string[]} */ ([shown ?? []].flat());
	const known = sent.every((url) => url === job.targetUrl || job.refUrls.includes(url));
	const [targetUrl, refUrls] = known ? [job.targetUrl, job.refUrls] : [sent.at(-1), sent.slice(0, -1)];
	return {
		model,
		rawInput: json(input),
		metadata: json(metadata),
		targetUrl: targetUrl ?? "",
		refUrls,
		prompt: prompt ?? originalPrompt ?? "",
		instructions: instructions ?? "",
		writer: prompt ? "me" : "grok",
		priority,
	};
}

/** @param {object} object */
function json(object) {
	return Object.keys(object).length ? JSON.stringify(object, null, 2) : "";
}
