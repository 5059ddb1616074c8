// One row of the list: made once, then changed only where the job has changed.

import { setMoment, timeElement } from "./clock.js";
import { button, el, fill, safeAddress, setAttribute, setText } from "./dom.js";
import { jobName, kindOf } from "./format.js";
import { icon } from "./icons.js";
import { canCancel, canRetry, isFinal, statusLook } from "./statuses.js";

/** Let a chip show a status: shape, word and colour say the same. */
export function setChip(chip, status) {
	if (chip.dataset.status === status) return;
	const { word, icon: shape, tone } = statusLook(status);
	chip.dataset.status = status;
	chip.dataset.tone = tone;
	fill(chip, icon(shape), word);
}

/** A row. `act(name, job)` is told what a person wants: open, cancel, retry, copy, reuse. */
export class Row {
	constructor(job, models, act) {
		this.models = models;
		this.act = act;
		this.thumbnail = el("span", { class: "thumb" });
		this.title = el("a", { class: "row-title", href: `#job=${job.jobId}` });
		this.model = el("span", { class: "row-model" });
		this.note = el("span", { class: "row-note" });
		this.chip = el("span", { class: "chip" });
		this.sentence = el("span", { class: "row-sentence" });
		this.time = timeElement(job.createdAt);
		this.buttons = Object.fromEntries(BUTTONS.map(([name, shape, label]) => [name, this.button(name, shape, label)]));
		this.element = el(
			"li",
			{ class: "row", "data-job": job.jobId },
			this.thumbnail,
			el("div", { class: "row-main" }, this.title, el("div", { class: "row-meta" }, this.model, this.note)),
			el("div", { class: "row-state" }, this.chip, this.sentence),
			this.time,
			el("div", { class: "row-actions" }, ...Object.values(this.buttons)),
		);
		this.element.addEventListener("click", (event) => {
			if (!event.target.closest("a, button")) this.act("open", this.job);
		});
		this.update(job);
	}

	/** Show the job as it is now. */
	update(job) {
		if (this.job === job) return;
		this.job = job;
		const text = job.prompt ?? job.originalPrompt;
		setText(this.title, text || (job.promptStatus === "pending" || job.promptStatus === "generating" ? "Grok writes the prompt" : "No prompt"));
		this.title.classList.toggle("is-empty", !text);
		setText(this.model, job.model);
		setText(this.note, noteOf(job));
		setChip(this.chip, job.status);
		setText(this.sentence, job.statusText);
		setAttribute(this.sentence, "title", job.statusText);
		setMoment(this.time, job.createdAt);
		this.buttons.cancel.hidden = !canCancel(job);
		this.buttons.retry.hidden = !canRetry(job);
		for (const [name, , label] of BUTTONS) setAttribute(this.buttons[name], "aria-label", `${label}: ${jobName(job)}`);
		this.element.classList.toggle("is-open", !isFinal(job));
		this.showThumbnail(job);
	}

	showThumbnail(job) {
		const picture = job.outputs.find((output) => output.kind === "image" && output.url && !output.nsfw);
		const address = picture ? safeAddress(picture.url) : null;
		const wanted = address ?? kindOf(job, this.models);
		if (this.thumbnail.dataset.shows === wanted) return;
		this.thumbnail.dataset.shows = wanted;
		fill(this.thumbnail, address ? pictureOf(address, this.thumbnail) : icon(wanted === "video" ? "video" : "image"));
	}

	button(name, shape, label) {
		return button({ class: "icon-button", title: label }, () => this.act(name, this.job), icon(shape));
	}
}

const BUTTONS = [
	["cancel", "cross", "Cancel"],
	["retry", "retry", "Retry"],
	["reuse", "reuse", "Use again"],
	["copy", "copy", "Copy as curl"],
];

function noteOf(job) {
	const notes = [];
	if (job.retryOf) notes.push("retry");
	if (job.promptSource && job.promptSource !== "caller") notes.push(SOURCES[job.promptSource] ?? job.promptSource);
	if (job.priority !== 5) notes.push(`priority ${job.priority}`);
	return notes.join(" · ");
}

const SOURCES = { grok: "prompt by Grok", edited: "prompt by Grok, edited", template: "prompt from the template" };

function pictureOf(address, place) {
	const picture = el("img", { alt: "", loading: "lazy", decoding: "async", referrerpolicy: "no-referrer", src: address });
	picture.addEventListener("error", () => fill(place, icon("image")));
	return picture;
}
