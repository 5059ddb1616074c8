// One row of the list: created once, then updated only if the job has changed.

import { setMoment, timeElement } from "../core/clock.js";
import { closest, el, fill, iconButton, on, pictureOf, setAttribute, setText } from "../core/dom.js";
import { jobName, wordsOf } from "../core/format.js";
import { icon } from "../core/icons.js";
import { thumbnailOf } from "../core/media.js";
import { vocabulary } from "../core/vocabulary.js";
import { CORE } from "../words/core.js";
import { JOBS } from "../words/jobs.js";
import { selectText } from "../words/rows.js";
import { heldText } from "./held.js";
import { canCancel, canErase, canRetry, isErased, statusLook } from "./statuses.js";

/** @import { Act, Job } from "../../types/page.js" */

/** @typedef {readonly [name: "cancel" | "retry" | "reuse" | "copy" | "erase", icon: string, label: string]} Offer */

/** @type {readonly Offer[]} What can be done with a job. */
export const ACTS = [
	["cancel", "cross", CORE.cancel],
	["retry", "retry", CORE.retry],
	["reuse", "reuse", JOBS.reuse],
	["copy", "copy", JOBS.copyCurl],
];

/** @type {readonly Offer[]} What can be done where the job is shown in full. */
export const PANEL_ACTS = [...ACTS, ["erase", "bin", CORE.erase]];

/** @type {readonly (readonly [name: Offer[0], allowed: (job: Job) => boolean])[]} */
const OFFERED = [
	["cancel", canCancel],
	["retry", canRetry],
	["erase", canErase],
	["reuse", (job) => !isErased(job)],
	["copy", (job) => !isErased(job)],
];

/** @type {Record<string, string>} */
const SOURCES = { grok: CORE.byGrok, grok_fallback: CORE.byGrok, edited: CORE.byGrokEdited, template: CORE.fromTemplate };

/** @type {Record<string, string>} How a job was made from another. */
export const RELATIONS = JOBS.relations;

/**
 * Show a status in a chip, by shape, word and colour.
 *
 * @param {HTMLElement} chip
 * @param {string} status
 */
export function setChip(chip, status) {
	if (chip.dataset.status === status) return;
	const { word, icon: shape, tone } = statusLook(status);
	chip.dataset.status = status;
	chip.dataset.tone = tone;
	fill(chip, icon(shape), word);
}

/**
 * Show the buttons of the acts that a job allows.
 *
 * @param {Map<string, HTMLElement>} buttons By the name of the act.
 * @param {Job} job
 */
export function offerActs(buttons, job) {
	for (const [name, allowed] of OFFERED) {
		const button = buttons.get(name);
		if (button) button.hidden = !allowed(job);
	}
}

export class Row {
	/** @type {Job} */
	job;
	check = el("input", { type: "checkbox" });
	thumbnail = el("span.thumb");
	model = el("span.row-model");
	note = el("span.row-note");
	chip = el("span.chip");
	sentence = el("span.row-sentence");

	/**
	 * @param {Job} job
	 * @param {Act} act
	 */
	constructor(job, act) {
		this.job = job;
		this.title = el("a.row-title", { href: `#job=${job.jobId}` });
		this.time = timeElement(job.createdAt);
		this.buttons = new Map(ACTS.map(([name, shape, label]) => [name, iconButton(shape, label, () => act(name, this.job))]));
		this.element = el(
			"li.row",
			{ "data-job": job.jobId },
			el("label.row-check", this.check),
			this.thumbnail,
			el("div.row-main", this.title, el("div.row-meta", this.model, this.note)),
			el("div.row-state", this.chip, this.sentence),
			this.time,
			el("div.row-actions", ...this.buttons.values()),
		);
		on(this.element, "click", (event) => closest(event.target, "a, button, label") || act("open", this.job));
		this.show(job);
	}

	/** @param {Job} job */
	update(job) {
		if (this.job === job) return;
		this.job = job;
		this.show(job);
	}

	/** @param {Job} job */
	show(job) {
		const text = wordsOf(job);
		const unwritten = job.promptStatus === "pending" || job.promptStatus === "generating";
		setText(this.title, text || (isErased(job) ? CORE.erased : unwritten ? JOBS.writing : JOBS.noPrompt));
		this.title.classList.toggle("is-empty", !text);
		setText(this.model, job.model);
		setText(this.note, noteOf(job));
		setChip(this.chip, job.status);
		// What the chip says already is not said twice.
		const sentence = heldText(job) ?? job.statusText.replace(`${this.chip.textContent}. `, "");
		setText(this.sentence, sentence);
		setAttribute(this.sentence, "title", sentence);
		setMoment(this.time, job.createdAt);
		offerActs(this.buttons, job);
		for (const [name, , label] of ACTS) {
			const button = this.buttons.get(name);
			if (button) setAttribute(button, "aria-label", `${label}: ${jobName(job)}`);
		}
		setAttribute(this.check, "aria-label", selectText(jobName(job)));
		this.showThumbnail(job);
	}

	/** @param {Job} job */
	showThumbnail(job) {
		const picture = job.outputs.find((output) => !output.nsfw && thumbnailOf(output));
		const address = picture ? thumbnailOf(picture) : null;
		const wanted = address ?? job.kind;
		if (this.thumbnail.dataset.shows === wanted) return;
		this.thumbnail.dataset.shows = wanted;
		const broken = () => {
			// Asked for again when the row is shown again: the server may have been away.
			this.thumbnail.dataset.shows = "";
			fill(this.thumbnail, icon("image"));
		};
		fill(this.thumbnail, address ? pictureOf(address, "", broken, { loading: "lazy" }) : icon(wanted === "video" ? "video" : "image"));
	}
}

/** @param {Job} job */
function noteOf(job) {
	const notes = [];
	if (job.kept) notes.push(JOBS.likedNote);
	if (job.relation) notes.push(RELATIONS[job.relation] ?? job.relation);
	else if (job.retryOf) notes.push(RELATIONS.retry);
	if (job.promptSource && job.promptSource !== "caller") notes.push(JOBS.writtenPrompt(SOURCES[job.promptSource] ?? job.promptSource));
	if (job.priority !== vocabulary.limits.priority.usual) notes.push(JOBS.priority(job.priority));
	return notes.join(" · ");
}
