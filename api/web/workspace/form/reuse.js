// The form's values for one more job like another.

import { digitsOf } from "../core/json.js";

/** @import { FormValues, Job, ModelInput } from "../../types/page.js" */
/** @import { Models } from "./models.js" */

/** The group that the runs of one attempt share: another attempt is another group. */
const DRAWN = /^[0-9a-f]{12}$/;

/**
 * Return the values. The images of the job's input become lines that can be edited, and so do those that only Grok
 * received; inputs that the form has a field for go into it, and the others into the raw input.
 *
 * @param {Job} job
 * @param {Models} models
 * @returns {Partial<FormValues>}
 */
export function valuesOf(job, models) {
	const { model, prompt, originalPrompt, instructions, priority, maxPriceUsd } = job;
	const { [models.get(model)?.picturesField ?? ""]: shown, ...input } = job.input;
	const sent = /** @type {string[]} */ ([shown ?? []].flat());
	const known = sent.every((url) => url === job.targetUrl || job.refUrls.includes(url));
	const [targetUrl, refUrls] = known ? [job.targetUrl, job.refUrls] : [sent.at(-1), sent.slice(0, -1)];
	const fields = models.fieldsOf(model) ?? [];
	/** @type {Record<string, string>} */
	const texts = {};
	/** @type {Record<string, unknown>} */
	const rest = {};
	for (const [name, value] of Object.entries(input)) {
		const text = textOf(value, fields.find((field) => field.name === name));
		if (text === null) rest[name] = value;
		else texts[name] = text;
	}
	const metadata = Object.fromEntries(Object.entries(job.metadata).filter(([name, value]) => name !== "group" || !DRAWN.test(value)));
	return {
		model,
		fields: texts,
		rawInput: json(rest),
		metadata: json(metadata),
		targetUrl: targetUrl ?? "",
		refUrls,
		prompt: prompt ?? originalPrompt ?? "",
		instructions: instructions ?? "",
		writer: prompt ? "me" : "grok",
		priority,
		maxPriceUsd: String(maxPriceUsd ?? ""),
	};
}

/**
 * Return a value as its field has it; null if there is none, or none that shows it unchanged.
 *
 * @param {unknown} value
 * @param {ModelInput | undefined} field
 * @returns {string | null}
 */
function textOf(value, field) {
	if (!field) return null;
	const { type, choices } = field;
	if (choices) return choices.includes(value) ? String(value) : null;
	if (type === "json") return JSON.stringify(value);
	if (type === "integer") return digitsOf(value);
	if (typeof value !== (type === "text" ? "string" : type) || String(value).trim() !== String(value) || value === "") return null;
	return String(value);
}

/** @param {object} object */
function json(object) {
	return Object.keys(object).length ? JSON.stringify(object, null, 2) : "";
}
