// One job, whole: what it waits for, its outputs, its texts, its costs, its timeline.

import { setMoment, timeElement } from "./clock.js";
import { button, callout, el, fill, iconButton, safeAddress, setText } from "./dom.js";
import { exactTime, jobName, usd } from "./format.js";
import { icon } from "./icons.js";
import { outputsOf, showKept } from "./job_outputs.js";
import { stagesOf, timelineOf } from "./job_timeline.js";
import { unclearOf } from "./job_unclear.js";
import { copyText } from "./notices.js";
import { PromptRating } from "./rating.js";
import { ACTS, setChip, SOURCES } from "./rows.js";
import { canCancel, canRetry } from "./statuses.js";

// Shows a job in sections; a section is made anew only when what it tells has changed.
export class JobView {
	constructor({ api, actions, act, onClose }) {
		Object.assign(this, { api, actions });
		this.heading = el("h2", { id: "panel-title", tabindex: "-1" });
		this.chip = el("span.chip");
		this.sentence = el("p");
		this.time = timeElement(new Date().toISOString());
		this.buttons = Object.fromEntries(ACTS.map(([name, shape, label]) => [name, button("is-small", () => act(name, this.job), icon(shape), label)]));
		const close = iconButton("cross", "Close the job", onClose, "Close (Esc)");
		this.temporal = el("a.button.is-small", { target: "_blank", rel: "noreferrer" }, icon("external"), "Open in Temporal");
		this.body = el("div.panel-body");
		const answers = el("div.panel-actions", ...Object.values(this.buttons), this.temporal);
		this.ofJob = [this.chip, this.time, this.sentence, answers];
		this.element = el(
			"div.panel-inside",
			el(
				"header.panel-head",
				el("div.panel-line", this.chip, this.time, el("span.grow"), close),
				this.heading,
				this.sentence,
				answers,
			),
			this.body,
		);
		this.shown = new Map();
	}

	// Show no job, and why; what could be done with the last one is not offered.
	blank(title, ...why) {
		this.job = null;
		this.shown.clear();
		setText(this.heading, title);
		for (const part of this.ofJob) part.hidden = true;
		fill(this.body, ...why);
	}

	// Show a job; `timeline` is null while it has not been read.
	show(job, timeline) {
		const another = this.job?.jobId !== job.jobId;
		this.job = job;
		for (const part of this.ofJob) part.hidden = false;
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
		this.section("outputs", job.outputs, () => outputsOf(job, (kept) => this.actions.keep(this.job, kept)));
		showKept(this.body, job.kept);
		this.section("warnings", job.warnings, () => warningsOf(job));
		this.section("prompts", [job.prompt, job.originalPrompt, job.promptSource, job.promptStatus], () => promptsOf(job, this.api));
		this.section("stages", timeline, () => timeline && stagesOf(timeline));
		this.section("costs", [job.billed, job.mediaCostUsd, job.promptCostUsd, job.mediaCostSource], () => costsOf(job));
		this.section("input", job.input, () => inputOf(job));
		this.section("timeline", timeline?.items, () => timeline && timelineOf(timeline));
		this.section("ids", [job.predictionId, job.promptJobId, job.metadata, job.deadlineAt], () => idsOf(job));
	}

	// Show a section; nothing where `make` returns null.
	section(name, told, make) {
		const text = JSON.stringify(told ?? null);
		const before = this.shown.get(name);
		if (before?.text === text) return;
		const made = make();
		const element = made ? el("section.panel-section", { "data-section": name }, ...made) : el("section", { hidden: true });
		if (before) before.element.replaceWith(element);
		else this.body.append(element);
		this.shown.set(name, { text, element });
	}
}

function errorOf(job) {
	if (!job.error || job.status === "completed" || job.status === "submit_unknown") return null;
	const { message, hint, reasonCode } = job.error;
	const tone = job.status === "cancelled" ? "quiet" : "bad";
	return [callout(tone, icon("warning"), el("p.callout-title", message), hint && el("p", hint), reasonCode && el("p.quiet", el("code", reasonCode)))];
}

function warningsOf(job) {
	return job.warnings.length && job.warnings.map((warning) => callout("attention", icon("info"), el("p", warning)));
}

function promptsOf(job, api) {
	const written = job.promptSource && job.promptSource !== "caller" && job.prompt !== job.originalPrompt;
	if (!job.prompt && !job.originalPrompt) return null;
	const parts = [el("h3", "Prompt")];
	if (job.originalPrompt && written) parts.push(quoted("Original", job.originalPrompt));
	parts.push(quoted(written ? `Written ${SOURCES[job.promptSource] ?? ""}` : "As given", job.prompt ?? job.originalPrompt));
	if (job.promptJobId && job.promptStatus !== "failed" && job.prompt) parts.push(ratingOf(job, api));
	return parts;
}

function ratingOf(job, api) {
	const place = el("div");
	const show = (promptJob) => promptJob.generatedPrompt && place.append(new PromptRating(api, promptJob).element);
	api.get(`/api/prompt/queue/${job.promptJobId}`).then(show, () => {});
	return place;
}

function quoted(label, text) {
	const copy = iconButton("copy", `Copy the prompt: ${label}`, () => copyText(text, "The prompt is"), "Copy");
	return el("div.quoted", el("div.quoted-head", el("span.label", label), copy), el("p.prose", text));
}

function costsOf(job) {
	const rows = [
		["WaveSpeed", `${usd(job.mediaCostUsd)}${job.mediaCostSource ? ` (${job.mediaCostSource})` : ""}`],
		["Grok", job.promptCostUsd !== null ? usd(job.promptCostUsd) : job.promptJobId ? "see its prompt job" : "not asked"],
		["Billed", job.billed === "unknown" ? "not known" : job.billed],
	];
	return [el("h3", "Cost"), facts(rows), el("p.quiet", job.paidText)];
}

function inputOf(job) {
	if (!Object.keys(job.input).length) return null;
	return [el("h3", "Input"), el("pre", { tabindex: "0", "aria-label": "Input as JSON" }, el("code", JSON.stringify(job.input, null, 2)))];
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
	return [el("h3", "Details"), facts(rows.map(([name, id]) => [name, id, true])), facts(times)];
}

function facts(rows) {
	return el(
		"dl.facts",
		...rows.map(([name, value, copied]) => el("div", el("dt", name), el("dd", copied ? copiedId(name, value) : value))),
	);
}

function copiedId(name, value) {
	const label = `Copy ${name}: ${value}`;
	return button(".id-button", () => copyText(value, `${name} is`), { title: "Copy", "aria-label": label }, el("code", value), icon("copy"));
}
