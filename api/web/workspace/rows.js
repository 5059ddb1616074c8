// One row of the list: made once, then changed only where the job has changed.

import { setMoment, timeElement } from "./clock.js";
import { el, fill, iconButton, on, pictureOf, safeAddress, setAttribute, setText } from "./dom.js";
import { jobName } from "./format.js";
import { icon } from "./icons.js";
import { canCancel, canRetry, statusLook } from "./statuses.js";

// Let a chip show a status: shape, word and colour say the same.
export function setChip(chip, status) {
	if (chip.dataset.status === status) return;
	const { word, icon: shape, tone } = statusLook(status);
	chip.dataset.status = status;
	chip.dataset.tone = tone;
	fill(chip, icon(shape), word);
}

// A row. `act(name, job)` is told what a person wants: open, cancel, retry, copy, reuse.
export class Row {
	constructor(job, act) {
		this.act = act;
		this.thumbnail = el("span.thumb");
		this.title = el("a.row-title", { href: `#job=${job.jobId}` });
		this.model = el("span.row-model");
		this.note = el("span.row-note");
		this.chip = el("span.chip");
		this.sentence = el("span.row-sentence");
		this.time = timeElement(job.createdAt);
		this.buttons = Object.fromEntries(ACTS.map(([name, shape, label]) => [name, iconButton(shape, label, () => act(name, this.job))]));
		this.element = el(
			"li.row",
			{ "data-job": job.jobId },
			this.thumbnail,
			el("div.row-main", this.title, el("div.row-meta", this.model, this.note)),
			el("div.row-state", this.chip, this.sentence),
			this.time,
			el("div.row-actions", ...Object.values(this.buttons)),
		);
		on(this.element, "click", (event) => {
			if (!event.target.closest("a, button")) this.act("open", this.job);
		});
		this.update(job);
	}

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
		for (const [name, , label] of ACTS) setAttribute(this.buttons[name], "aria-label", `${label}: ${jobName(job)}`);
		this.showThumbnail(job);
	}

	showThumbnail(job) {
		const picture = job.outputs.find((output) => output.kind === "image" && output.url && !output.nsfw);
		const address = picture && safeAddress(picture.url);
		const wanted = address ?? job.kind;
		if (this.thumbnail.dataset.shows === wanted) return;
		this.thumbnail.dataset.shows = wanted;
		fill(this.thumbnail, address ? pictureOf(address, "", () => fill(this.thumbnail, icon("image")), { loading: "lazy" }) : icon(wanted === "video" ? "video" : "image"));
	}
}

// What can be done with a job: name, icon, label.
export const ACTS = [
	["cancel", "cross", "Cancel"],
	["retry", "retry", "Retry"],
	["reuse", "reuse", "Use again"],
	["copy", "copy", "Copy as curl"],
];

function noteOf(job) {
	const notes = [];
	if (job.kept) notes.push("kept");
	if (job.retryOf) notes.push("retry");
	if (job.promptSource && job.promptSource !== "caller") notes.push(`prompt ${SOURCES[job.promptSource] ?? job.promptSource}`);
	if (job.priority !== 5) notes.push(`priority ${job.priority}`);
	return notes.join(" · ");
}

export const SOURCES = { grok: "by Grok", grok_fallback: "by Grok", edited: "by Grok, edited", template: "from the template" };
