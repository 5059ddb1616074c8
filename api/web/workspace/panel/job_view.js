// One job in full: what it waits for, its outputs, prompts, costs and timeline.

import { setMoment, timeElement } from "../core/clock.js";
import { button, callout, el, fill, iconButton, safeAddress, setText } from "../core/dom.js";
import { exactTime, jobName, usd } from "../core/format.js";
import { icon } from "../core/icons.js";
import { copyText } from "../core/notices.js";
import { addStyles } from "../core/styles.js";
import { PromptRating } from "../jobs/rating.js";
import { offerActs, PANEL_ACTS, setChip, SOURCES } from "../jobs/rows.js";
import { outputsOf, showKept } from "./outputs.js";
import { stagesOf, timelineOf } from "./timeline.js";
import { unclearOf } from "./unclear.js";

/** @import { Api } from "../core/api.js" */
/** @import { Act, Child, Job, PromptJob, Timeline } from "../../types/page.js" */
/** @import { JobActions } from "../jobs/job_actions.js" */

/** Shows a job in sections; a section is rebuilt only if its data has changed. */
export class JobView {
	/** @type {Job | null} */
	job = null;
	heading = el("h2", { id: "panel-title", tabindex: "-1" });
	chip = el("span.chip");
	sentence = el("p");
	time = timeElement(new Date().toISOString());
	temporal = el("a.button.is-small", { target: "_blank", rel: "noreferrer" }, icon("external"), "Open in Temporal");
	body = el("div.panel-body");
	/** @type {Map<string, { text: string, element: HTMLElement }>} */
	shown = new Map();
	styled = addStyles("panel.css");

	/**
	 * @param {object} parts
	 * @param {Api} parts.api
	 * @param {() => Promise<JobActions | null>} parts.actions
	 * @param {Act} parts.act
	 * @param {() => void} parts.onClose
	 */
	constructor({ api, actions, act, onClose }) {
		this.api = api;
		this.actions = actions;
		this.buttons = new Map(PANEL_ACTS.map(([name, shape, label]) => [name, button("is-small", () => this.job && act(name, this.job), icon(shape), label)]));
		const close = iconButton("cross", "Close the job", onClose, "Close (Esc)");
		const answers = el("div.panel-actions", ...this.buttons.values(), this.temporal);
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
	}

	/**
	 * Show why there is no job, without the actions of the previous one.
	 *
	 * @param {string} title
	 * @param {Child[]} why
	 */
	blank(title, ...why) {
		this.job = null;
		this.shown.clear();
		setText(this.heading, title);
		for (const part of this.ofJob) part.hidden = true;
		fill(this.body, ...why);
	}

	blankDeleted() {
		this.blank("No such job", el("div.empty", icon("search"), el("p", "There is no job with this id. It may have been deleted.")));
	}

	/**
	 * @param {Job} job
	 * @param {Timeline | null} timeline Null until it is loaded.
	 */
	show(job, timeline) {
		const another = this.job?.jobId !== job.jobId;
		this.job = job;
		for (const part of this.ofJob) part.hidden = false;
		setText(this.heading, (job.prompt ?? job.originalPrompt ?? "").trim() || jobName(job));
		setChip(this.chip, job.status);
		setMoment(this.time, job.createdAt);
		setText(this.sentence, job.statusText);
		offerActs(this.buttons, job);
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
		this.section("outputs", job.outputs, () => outputsOf(job, (kept) => this.keep(kept)));
		showKept(this.body, job.kept);
		this.section("warnings", job.warnings, () => warningsOf(job));
		this.section("prompts", [job.prompt, job.originalPrompt, job.promptSource, job.promptStatus], () => promptsOf(job, this.api));
		this.section("stages", timeline, () => timeline && stagesOf(timeline));
		this.section("costs", [job.billed, job.mediaCostUsd, job.promptCostUsd, job.mediaCostSource, job.mediaListPriceUsd], () => costsOf(job));
		this.section("input", job.input, () => inputOf(job));
		this.section("timeline", timeline?.items, () => timeline && timelineOf(timeline));
		this.section("ids", [job.predictionId, job.promptJobId, job.metadata, job.deadlineAt], () => idsOf(job));
	}

	/**
	 * Show a section, or nothing if `make` returns null.
	 *
	 * @param {string} name
	 * @param {unknown} data What it shows.
	 * @param {() => Child[] | null} make
	 */
	section(name, data, make) {
		const text = JSON.stringify(data ?? null);
		const before = this.shown.get(name);
		if (before?.text === text) return;
		const made = make();
		const element = made ? el("section.panel-section", { "data-section": name }, ...made) : el("section", { hidden: true });
		if (before) before.element.replaceWith(element);
		else this.body.append(element);
		this.shown.set(name, { text, element });
	}

	/** @param {boolean} kept */
	async keep(kept) {
		const actions = await this.actions();
		if (this.job) await actions?.keep(this.job, kept);
	}
}

/** @param {Job} job */
function errorOf(job) {
	if (!job.error || job.status === "completed" || job.status === "submit_unknown") return null;
	const { message, hint, reasonCode } = job.error;
	const tone = job.status === "cancelled" ? "quiet" : "bad";
	return [callout(tone, icon("warning"), el("p.callout-title", message), hint && el("p", hint), reasonCode && el("p.quiet", el("code", reasonCode)))];
}

/** @param {Job} job */
function warningsOf(job) {
	if (!job.warnings.length) return null;
	return job.warnings.map((warning) => callout("attention", icon("info"), el("p", warning)));
}

/**
 * @param {Job} job
 * @param {Api} api
 */
function promptsOf(job, api) {
	const text = job.prompt ?? job.originalPrompt;
	if (!text) return null;
	const written = job.promptSource && job.promptSource !== "caller" && job.prompt !== job.originalPrompt ? job.promptSource : null;
	const parts = [el("h3", "Prompt")];
	if (job.originalPrompt && written) parts.push(quoted("Original", job.originalPrompt));
	parts.push(quoted(written ? `Written ${SOURCES[written] ?? ""}` : "As entered", text));
	if (job.promptJobId && job.promptStatus !== "failed" && job.prompt) parts.push(ratingOf(job.promptJobId, api));
	return parts;
}

/**
 * @param {string} promptJobId
 * @param {Api} api
 */
function ratingOf(promptJobId, api) {
	const place = el("div");
	/** @param {PromptJob} promptJob */
	const show = (promptJob) => promptJob.generatedPrompt && place.append(new PromptRating(api, promptJob).element);
	api.get("/api/prompt/queue/{prompt_job_id}", { params: { prompt_job_id: promptJobId } }).then(show, () => {});
	return place;
}

/**
 * @param {string} label
 * @param {string} text
 */
function quoted(label, text) {
	const copy = iconButton("copy", `Copy the prompt: ${label}`, () => copyText(text, "Prompt"), "Copy");
	return el("div.quoted", el("div.quoted-head", el("span.label", label), copy), el("p.prose", text));
}

const CHARGED = { no: "no", yes: "yes", unknown: "not yet known", refunded: "refunded in full" };

/** @param {Job} job */
function costsOf(job) {
	/** @type {Fact[]} */
	const rows = [
		["WaveSpeed", `${usd(job.mediaCostUsd)}${job.mediaCostSource ? ` (${job.mediaCostSource})` : ""}`],
		["List price", job.mediaListPriceUsd === null ? null : usd(job.mediaListPriceUsd)],
		["Grok", job.promptCostUsd !== null ? usd(job.promptCostUsd) : job.promptJobId ? "see its prompt job" : "not used"],
		["Charged", CHARGED[job.billed]],
	];
	return [el("h3", "Cost"), facts(rows), el("p.quiet", job.paidText)];
}

/** @param {Job} job */
function inputOf(job) {
	if (!Object.keys(job.input).length) return null;
	return [el("h3", "Input"), el("pre", { tabindex: "0", "aria-label": "Input as JSON" }, el("code", JSON.stringify(job.input, null, 2)))];
}

/** @param {Job} job */
function idsOf(job) {
	/** @type {Fact[]} */
	const ids = [
		["Model", job.model, true],
		["Job", job.jobId, true],
		["Prediction", job.predictionId, true],
		["Prompt job", job.promptJobId, true],
		["Retry of", job.retryOf, true],
	];
	/** @type {Fact[]} */
	const others = [
		["Created", exactTime(job.createdAt)],
		["Accepted by WaveSpeed", job.dispatchedAt && exactTime(job.dispatchedAt)],
		["Ended", job.completedAt && exactTime(job.completedAt)],
		["Deadline", exactTime(job.deadlineAt)],
		["Priority", String(job.priority)],
		["Providers", job.providerMode],
		...Object.entries(job.metadata),
	];
	return [el("h3", "Details"), facts(ids), facts(others)];
}

/** @typedef {[name: string, text: string | null, copied?: boolean]} Fact */

/**
 * Return a list of facts without the unknown ones.
 *
 * @param {Fact[]} rows
 */
function facts(rows) {
	const shown = rows.flatMap(([name, text, copied]) => (text ? el("div", el("dt", name), el("dd", copied ? copiedId(name, text) : text)) : []));
	return el("dl.facts", ...shown);
}

/**
 * @param {string} name
 * @param {string} value
 */
function copiedId(name, value) {
	const label = `Copy ${name}: ${value}`;
	return button(".id-button", () => copyText(value, name), { title: "Copy", "aria-label": label }, el("code", value), icon("copy"));
}
