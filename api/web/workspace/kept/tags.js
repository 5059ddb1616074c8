// Tags: in the panel of one job, and the question that tags many.

import { may } from "../core/access.js";
import { asProblem } from "../core/api.js";
import { button, el, fill, iconButton, on } from "../core/dom.js";
import { notify, reportProblem } from "../core/notices.js";
import { findTag, removeTag, TAGS, taggedText, tagTitle, untaggedText } from "../words/collections.js";
import { ask, Refusal } from "./ask.js";
import { page, tagNames } from "./parts.js";

/** @import { Job } from "../../types/page.js" */

/** As many jobs as one request may name. */
const AT_ONCE = 200;
const CHARACTERS = 40;

/** The job whose tags were changed here last: its section is made anew, and the next tag is typed where this one was. */
let typingOn = "";

/**
 * Return a job's tags, and a field for more.
 *
 * @param {Job} job
 * @returns {HTMLElement[]}
 */
export function tagsOf(job) {
	const chips = job.tags.map((tag) => chipOf(job, tag));
	const list = el("div.tag-chips", { role: "group", "aria-label": TAGS.title }, ...chips);
	return may("jobs:write") ? [list, fieldOf(job)] : [list];
}

/**
 * @param {Job} job
 * @param {string} tag
 */
function chipOf(job, tag) {
	const find = button(".link-button", () => page().select({ tag }), { "aria-label": findTag(tag) }, tag);
	const remove = may("jobs:write") ? iconButton("cross", removeTag(tag), () => change(job, { remove: [tag] })) : null;
	return el("span.tag-chip", find, remove);
}

/** @param {Job} job */
function fieldOf(job) {
	const known = el("datalist", { id: "tag-options" });
	const field = el("input.input", { id: "new-tag", list: known.id, maxlength: CHARACTERS * 4, "aria-label": TAGS.add, placeholder: TAGS.add, autocomplete: "off", autocapitalize: "none" });
	on(field, "focus", () => suggest(known, job));
	// The stream may tell of the change before its answer is there, or after it: the field is made anew each time.
	if (typingOn === job.jobId || document.activeElement?.id === field.id) queueMicrotask(() => field.focus({ preventScroll: true }));
	typingOn = "";
	const form = el("form.tag-form", { novalidate: true }, field, known, el("button.button.is-small", { type: "submit" }, TAGS.addButton));
	on(form, "submit", (event) => {
		event.preventDefault();
		const add = tagsIn(field.value);
		if (add.length) change(job, { add });
	});
	return form;
}

/**
 * @param {HTMLElement} list
 * @param {Job} job
 */
async function suggest(list, job) {
	if (list.childElementCount) return;
	const tags = await tagNames(page().api).catch(() => []);
	fill(list, tags.filter((tag) => !job.tags.includes(tag)).map((value) => el("option", { value })));
}

/**
 * @param {Job} job
 * @param {{ add?: string[], remove?: string[] }} body
 */
async function change(job, body) {
	const { api, book } = page();
	try {
		typingOn = job.jobId;
		book.put(await api.patch("/api/jobs/{job_id}/tags", { params: { job_id: job.jobId }, body }));
	} catch (thrown) {
		reportProblem(TAGS.notChanged, asProblem(thrown));
	}
}

/**
 * Ask for tags, and add them to jobs or remove them.
 *
 * @param {readonly Job[]} jobs
 * @param {string} about What they are.
 */
export async function askTags(jobs, about) {
	const options = await tagNames(page().api).catch(() => []);
	/** @param {"add" | "remove"} how */
	const act = (how) => async (/** @type {Record<string, string>} */ { tags }) => {
		const words = tagsIn(tags);
		if (!words.length) throw new Refusal(TAGS.empty);
		await tagAll(jobs, { [how]: words });
	};
	const answers = [{ label: TAGS.addYes, act: act("add") }, { label: TAGS.removeYes, act: act("remove") }];
	await ask({ title: tagTitle(jobs.length), note: `${about} ${TAGS.note}`, fields: [{ name: "tags", label: TAGS.field, options }], answers, dismiss: TAGS.cancel });
}

/**
 * @param {readonly Job[]} jobs
 * @param {{ add?: string[], remove?: string[] }} words
 */
async function tagAll(jobs, words) {
	const { api, book } = page();
	const ids = jobs.map(({ jobId }) => jobId);
	let done = 0;
	/** @type {Map<string, number>} */
	const refused = new Map();
	for (let from = 0; from < ids.length; from += AT_ONCE) {
		const told = await api.post("/api/tags", { body: { jobIds: ids.slice(from, from + AT_ONCE), ...words } });
		for (const { jobId, tags } of told.items) {
			const job = book.get(jobId);
			if (job) book.put({ ...job, tags });
		}
		done += told.items.length;
		for (const { reason } of told.refused) refused.set(reason, (refused.get(reason) ?? 0) + 1);
	}
	notify(taggedText(done));
	for (const [reason, number] of refused) notify(untaggedText(number, reason), { tone: "attention" });
}

/**
 * Return the tags of a text that has commas between them.
 *
 * @param {string} text
 */
function tagsIn(text) {
	return [...new Set(text.split(",").map((tag) => tag.trim()).filter(Boolean))];
}
