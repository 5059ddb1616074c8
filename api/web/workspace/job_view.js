// One job, whole: what it waits for, its outputs, its texts, its costs, its timeline.

import { setMoment, timeElement } from "./clock.js";
import { button, el, fill, safeAddress, setText } from "./dom.js";
import { exactTime, jobName, usd } from "./format.js";
import { icon } from "./icons.js";
import { paidSentence } from "./job_actions.js";
import { outputsOf } from "./job_outputs.js";
import { stagesOf, timelineOf } from "./job_timeline.js";
import { unclearOf } from "./job_unclear.js";
import { copyText } from "./notices.js";
import { setChip } from "./rows.js";
import { canCancel, canRetry } from "./statuses.js";

/** Shows a job in sections; a section is made anew only when what it tells has changed. */
export class JobView {
	constructor({ models, actions, onReuse, onClose }) {
		Object.assign(this, { models, actions });
		this.heading = el("h2", { id: "panel-title", tabindex: "-1" });
		this.chip = el("span", { class: "chip" });
		this.sentence = el("p", { class: "panel-sentence" });
		this.time = timeElement(new Date().toISOString());
		this.buttons = {
			cancel: this.button("cross", "Cancel", () => actions.cancel(this.job)),
			retry: this.button("retry", "Retry", () => actions.retry(this.job)),
			reuse: this.button("reuse", "Use again", () => onReuse(this.job)),
			copy: this.button("copy", "Copy as curl", () => actions.copyCurl(this.job)),
		};
		const close = button({ class: "icon-button", "aria-label": "Close the job", title: "Close (Esc)" }, onClose, icon("cross"));
		this.temporal = el("a", { class: "button is-small", target: "_blank", rel: "noreferrer" }, icon("external"), "Open in Temporal");
		this.body = el("div", { class: "panel-body" });
		this.element = el(
			"div",
			{ class: "panel-inside" },
			el(
				"header",
				{ class: "panel-head" },
				el("div", { class: "panel-line" }, this.chip, this.time, el("span", { class: "grow" }), close),
				this.heading,
				this.sentence,
				el("div", { class: "panel-actions" }, ...Object.values(this.buttons), this.temporal),
			),
			this.body,
		);
		this.shown = new Map();
	}

	/** Show a job; `events` is null while its timeline has not been read. */
	show(job, events) {
		const another = this.job?.jobId !== job.jobId;
		this.job = job;
		setText(this.heading, (job.prompt ?? job.originalPrompt ?? "").trim() || jobName(job));
		setChip(this.chip, job.status);
		setMoment(this.time, job.createdAt);
		setText(this.sentence, job.statusText);
		this.buttons.cancel.hidden = !canCancel(job);
		this.buttons.retry.hidden = !canRetry(job);
		const temporal = safeAddress(job.links.temporal ?? "");
		this.temporal.hidden = !temporal;
		if (temporal) this.temporal.href = temporal;
		if (another) {
			this.shown.clear();
			fill(this.body);
			this.body.scrollTop = 0;
		}
		this.section("unclear", [job.status, job.candidates], () => unclearOf(job, this.actions));
		this.section("error", [job.error, job.status], () => errorOf(job));
		this.section("outputs", job.outputs, () => outputsOf(job));
		this.section("warnings", job.warnings, () => warningsOf(job));
		this.section("prompts", [job.prompt, job.originalPrompt, job.promptSource, job.promptStatus], () => promptsOf(job));
		this.section("stages", events, () => events && stagesOf(events));
		this.section("costs", [job.billed, job.mediaCostUsd, job.promptCostUsd, job.mediaCostSource], () => costsOf(job));
		this.section("input", job.input, () => inputOf(job));
		this.section("timeline", events, () => events && timelineOf(events));
		this.section("ids", [job.predictionId, job.promptJobId, job.metadata, job.deadlineAt], () => idsOf(job));
	}

	/** Show a section; nothing where `make` returns null. */
	section(name, told, make) {
		const text = JSON.stringify(told ?? null);
		const before = this.shown.get(name);
		if (before?.text === text) return;
		const made = make();
		const element = made ? el("section", { class: "panel-section", "data-section": name }, ...made) : el("section", { hidden: true });
		if (before) before.element.replaceWith(element);
		else this.body.append(element);
		this.shown.set(name, { text, element });
	}

	button(shape, label, act) {
		return button({ class: "button is-small" }, act, icon(shape), label);
	}
}

function heading(text) {
	return el("h3", { text });
}

function errorOf(job) {
	if (!job.error || job.status === "completed" || job.status === "submit_unknown") return null;
	return [
		el(
			"div",
			{ class: "callout", "data-tone": job.status === "cancelled" ? "quiet" : "bad" },
			icon("warning"),
			el(
				"div",
				{},
				el("p", { class: "callout-title", text: job.error.message }),
				job.error.hint ? el("p", { text: job.error.hint }) : null,
				job.error.reasonCode ? el("p", { class: "quiet" }, el("code", { text: job.error.reasonCode })) : null,
			),
		),
	];
}

function warningsOf(job) {
	if (!job.warnings.length) return null;
	return job.warnings.map((warning) => el("div", { class: "callout", "data-tone": "attention" }, icon("info"), el("p", { text: warning })));
}

function promptsOf(job) {
	const written = job.promptSource && job.promptSource !== "caller" && job.prompt !== job.originalPrompt;
	if (!job.prompt && !job.originalPrompt) return null;
	const parts = [heading("Prompt")];
	if (job.originalPrompt && written) parts.push(quoted("Original", job.originalPrompt));
	parts.push(quoted(written ? SOURCES[job.promptSource] ?? "Written" : "As given", job.prompt ?? job.originalPrompt));
	return parts;
}

const SOURCES = { grok: "Written by Grok", edited: "Written by Grok, then edited", template: "From the template" };

function quoted(label, text) {
	const copy = button({ class: "icon-button", "aria-label": `Copy the prompt: ${label}`, title: "Copy" }, () => copyText(text, "The prompt is"), icon("copy"));
	return el("div", { class: "quoted" }, el("div", { class: "quoted-head" }, el("span", { class: "label", text: label }), copy), el("p", { class: "prose", text }));
}

function costsOf(job) {
	const rows = [
		["WaveSpeed", `${usd(job.mediaCostUsd)}${job.mediaCostSource ? ` (${job.mediaCostSource})` : ""}`],
		["Grok", job.promptCostUsd === null && !job.promptJobId ? "not asked" : usd(job.promptCostUsd)],
		["Billed", BILLED[job.billed] ?? job.billed],
	];
	return [heading("Cost"), facts(rows), el("p", { class: "quiet", text: paidSentence(job) })];
}

const BILLED = { no: "no", yes: "yes", unknown: "not known", refunded: "refunded" };

function inputOf(job) {
	if (!Object.keys(job.input).length) return null;
	return [heading("Input"), el("pre", { tabindex: "0", "aria-label": "Input as JSON" }, el("code", { text: JSON.stringify(job.input, null, 2) }))];
}

function idsOf(job) {
	const rows = [
		["Model", job.model],
		["Job", job.jobId],
		["Prediction", job.predictionId],
		["Prompt job", job.promptJobId],
		["Retry of", job.retryOf],
	].filter(([, id]) => id);
	const times = [
		["Created", exactTime(job.createdAt)],
		["Accepted by WaveSpeed", job.dispatchedAt && exactTime(job.dispatchedAt)],
		["Ended", job.completedAt && exactTime(job.completedAt)],
		["Deadline", exactTime(job.deadlineAt)],
		["Priority", String(job.priority)],
		["Providers", job.providerMode],
		...Object.entries(job.metadata),
	].filter(([, text]) => text);
	return [heading("Details"), facts(rows.map(([name, id]) => [name, id, true])), facts(times)];
}

/** Return names with their values; `copied`: with a button that copies the value. */
function facts(rows) {
	return el(
		"dl",
		{ class: "facts" },
		...rows.map(([name, value, copied]) => el("div", {}, el("dt", { text: name }), el("dd", {}, copied ? copiedId(name, value) : value))),
	);
}

function copiedId(name, value) {
	const label = `Copy ${name}: ${value}`;
	return button({ class: "id-button", title: "Copy", "aria-label": label }, () => copyText(value, `${name} is`), el("code", { text: value }), icon("copy"));
}
