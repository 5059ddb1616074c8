// A job that waits can be changed, until its submission is permitted: the server decides that, and says so.

import { reasonWithout } from "../core/access.js";
import { asProblem } from "../core/api.js";
import { button, el, setText, showAllowed } from "../core/dom.js";
import { parseExact } from "../core/json.js";
import { announce, notify } from "../core/notices.js";
import { vocabulary } from "../core/vocabulary.js";
import { COMMON } from "../words/common.js";
import { PANEL } from "../words/panel.js";

/** @import { Api, Problem } from "../core/api.js" */
/** @import { Child, Job } from "../../types/page.js" */

const WAITING = ["queued", "prompting", "dispatching"];
const FIRST = vocabulary.limits.priority.maximum;

/**
 * @typedef {object} Entry One field of the request.
 * @property {"model" | "prompt" | "input" | "priority" | "maxPriceUsd"} key
 * @property {string} label
 * @property {HTMLInputElement | HTMLTextAreaElement} field
 * @property {(text: string) => unknown} read Throws a `SyntaxError`.
 */

/** @param {Job} job */
export function isWaiting(job) {
	return WAITING.includes(job.status);
}

/**
 * Return the section; null for a job that does not wait.
 *
 * @param {Job} job
 * @param {Api} api
 * @param {(job: Job) => void} onChanged
 * @returns {Child[] | null}
 */
export function waitingOf(job, api, onChanged) {
	if (!isWaiting(job)) return null;
	const entries = entriesOf(job).map((entry) => ({ ...entry, before: entry.field.value }));
	const wrong = el("p.wrong", { role: "alert" });

	/** @param {any} body Checked by the server. */
	const send = async (body) => {
		setText(wrong, "");
		try {
			onChanged(await api.patch("/api/jobs/{job_id}", { params: { job_id: job.jobId }, body }));
			notify(PANEL.changed);
		} catch (thrown) {
			setText(wrong, said(asProblem(thrown), entries));
		}
	};
	const save = async () => {
		/** @type {Record<string, unknown>} */
		const body = {};
		for (const { key, label, field, before, read } of entries) {
			if (field.value === before) continue;
			try {
				body[key] = read(field.value.trim());
			} catch {
				setText(wrong, PANEL.notJson(label));
				field.focus();
				return;
			}
		}
		if (Object.keys(body).length) await send(body);
		else announce(PANEL.nothingChanged);
	};

	const refusal = reasonWithout("jobs:write");
	const next = button("is-small", () => send({ priority: FIRST }), PANEL.runNext);
	next.hidden = job.priority === FIRST;
	const keep = button("is-small.primary", save, PANEL.saveChanges);
	showAllowed(next, refusal, PANEL.runNextHint);
	showAllowed(keep, refusal, PANEL.untilSubmitted);
	const fields = entries.map(({ label, field }) => el("label.field", el("span.label", label), field));
	return [el("details.fold", el("summary", PANEL.changeJob), ...fields, el("div.panel-actions", keep)), el("div.panel-actions", next), wrong];
}

/**
 * @param {Job} job
 * @returns {Entry[]}
 */
function entriesOf(job) {
	const { minimum, maximum } = vocabulary.limits.priority;
	/** @type {Entry[]} */
	const entries = [
		{ key: "model", label: COMMON.model, field: el("input.input", { value: job.model, spellcheck: "false" }), read: String },
		{ key: "input", label: PANEL.inputsAsJson, field: el("textarea.input.is-code", { rows: "6", spellcheck: "false", value: JSON.stringify(job.input, null, 2) }), read: parseExact },
		{ key: "maxPriceUsd", label: PANEL.maxPrice, field: el("input.input", { type: "number", min: "0", step: "any", value: `${job.maxPriceUsd ?? ""}` }), read: (text) => (text ? Number(text) : null) },
		{ key: "priority", label: PANEL.priorityFirst(maximum), field: el("input.input", { type: "number", min: `${minimum}`, max: `${maximum}`, value: `${job.priority}` }), read: Number },
	];
	// Until Grok has written it, there is no prompt to change.
	if (job.promptSource) entries.unshift({ key: "prompt", label: PANEL.prompt, field: el("textarea.input", { rows: "4", value: job.prompt ?? "" }), read: String });
	return entries;
}

/**
 * Return what is wrong, by the fields' names.
 *
 * @param {Problem} problem
 * @param {Entry[]} entries
 */
function said(problem, entries) {
	if (!problem.errors.length) return problem.sentence;
	return problem.errors
		.map(({ pointer, message }) => {
			const [key, ...inside] = pointer.split("/").slice(1);
			const label = entries.find((entry) => entry.key === key)?.label ?? key;
			return `${[label, ...inside].filter(Boolean).join(", ")}: ${message}`;
		})
		.join(" ");
}
