// One job in full: its outputs and what can be done with them, what it waits for, how it was made, and what happened.

import { reasonWithout } from "../core/access.js";
import { asProblem } from "../core/api.js";
import { whenBack } from "../core/back.js";
import { setMoment, timeElement } from "../core/clock.js";
import { button, callout, el, fill, iconButton, safeAddress, setAttribute, setText, showAllowed } from "../core/dom.js";
import { jobName, wordsOf } from "../core/format.js";
import { icon } from "../core/icons.js";
import { fileOf } from "../core/media.js";
import { menuOf } from "../core/menu.js";
import { persist } from "../core/persist.js";
import { addStyles } from "../core/styles.js";
import { continueActions, goOn, wayButton } from "../continue/actions.js";
import { familyOf } from "../continue/family.js";
import { RETRY } from "../continue/plans.js";
import { keptOf } from "../kept/panel.js";
import { PromptRating } from "../jobs/rating.js";
import { offerActs, PANEL_ACTS, setChip } from "../jobs/rows.js";
import { isErased } from "../jobs/statuses.js";
import { COMMON } from "../words/common.js";
import { PANEL } from "../words/panel.js";
import { outputsOf } from "./outputs.js";
import { Patience } from "./patience.js";
import { recipeOf, styled as recipeStyled } from "./recipe.js";
import { stagesOf, timelineOf } from "./timeline.js";
import { unclearOf } from "./unclear.js";
import { isWaiting, waitingOf } from "./waiting.js";
import { groupLink } from "../side_by_side/link.js";
import { SIDE_BY_SIDE } from "../words/side_by_side.js";

/** @import { Api } from "../core/api.js" */
/** @import { Act, Child, Job, PromptJob, Timeline } from "../../types/page.js" */
/** @import { JobActions } from "../jobs/job_actions.js" */

/** What is needed less often than the rest. */
const IN_MENU = ["copy", "erase"];

/** Shows a job in sections; a section is rebuilt only if its data has changed. */
export class JobView {
	/** @type {Job | null} */
	job = null;
	/** @type {Timeline | null} */
	timeline = null;
	/** Of the output that is shown large. */
	index = 0;
	patience = new Patience();
	heading = el("h2", { id: "panel-title", tabindex: "-1" });
	chip = el("span.chip");
	sentence = el("p");
	time = timeElement(new Date().toISOString());
	temporal = el("a.button.is-small", { target: "_blank", rel: "noreferrer" }, icon("external"), PANEL.openTemporal);
	download = el("a.button.is-small.primary", { download: "", target: "_blank", rel: "noreferrer noopener", referrerpolicy: "no-referrer" }, icon("download"), COMMON.download);
	beside = el("a.button.is-small", { title: SIDE_BY_SIDE.openTitle }, icon("compare"), COMMON.sideBySide);
	body = el("div.panel-body");
	/** @type {Map<string, { text: string, element: HTMLElement }>} */
	shown = new Map();
	styled = Promise.all([addStyles("panel.css"), recipeStyled]);

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
		this.ratings = [this.rating(COMMON.like, "l", true, "heart"), this.rating(PANEL.dislike, "x", false, "thumb")];
		const close = iconButton("cross", PANEL.closeJob, onClose, COMMON.closeKey);
		const [often, seldom] = [false, true].map((inMenu) => [...this.buttons].flatMap(([name, made]) => (IN_MENU.includes(name) === inMenu ? [made] : [])));
		// Pictures that could not be loaded while the server was away.
		whenBack(() => this.renew("outputs"));
		// Without an output it is the only way to go on: it stands with the other buttons, not in a row of its own.
		this.changed = wayButton(RETRY, () => this.job && goOn("retry", this.job, 0));
		this.answers = el("div.panel-actions", this.download, ...this.ratings, ...often, this.changed, this.beside);
		const more = menuOf(PANEL.more, ...seldom, this.temporal);
		this.ofJob = [this.chip, this.time, this.sentence, more];
		this.element = el("div.panel-inside", el("header.panel-head", el("div.panel-line", this.chip, this.time, el("span.grow"), more, close), this.heading, this.sentence), this.body);
	}

	/**
	 * @param {string} label
	 * @param {string} key
	 * @param {boolean} kept
	 * @param {string} shape
	 */
	rating(label, key, kept, shape) {
		const made = button("is-small", () => this.keep(kept), { "data-kept": `${kept}` }, icon(shape), label);
		showAllowed(made, reasonWithout("jobs:write"), `${label} (${key})`);
		return made;
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
		this.blank(PANEL.noSuchJob, el("div.empty", icon("search"), el("p", PANEL.noSuchJobNote)));
	}

	/**
	 * @param {Job} job
	 * @param {Timeline | null} timeline Null until it is loaded.
	 */
	show(job, timeline) {
		const another = this.job?.jobId !== job.jobId;
		this.job = job;
		this.timeline = timeline;
		for (const part of this.ofJob) part.hidden = false;
		if (another) {
			this.index = 0;
			this.shown.clear();
			fill(this.body);
			this.body.scrollTop = 0;
		}
		this.index = Math.min(this.index, Math.max(0, job.outputs.length - 1));
		setText(this.heading, wordsOf(job) || jobName(job));
		setChip(this.chip, job.status);
		setMoment(this.time, job.createdAt);
		setText(this.sentence, this.patience.sentence(job, Date.now()));
		this.showSections(job);
		this.showActions(job);
	}

	/** @param {Job} job */
	showSections(job) {
		const { index, timeline } = this;
		this.section("unclear", [job.status, job.candidates], () => unclearOf(job, this.actions));
		const asked = [isWaiting(job), job.model, job.input, job.prompt, job.promptSource, job.priority, job.maxPriceUsd];
		this.section("waiting", asked, () => waitingOf(job, this.api, (changed) => this.show(changed, this.timeline)));
		this.section("error", [job.error, job.status], () => errorOf(job));
		this.section("outputs", [job.outputs, index], () => outputsOf(job, index, (chosen) => this.choose(chosen)));
		if (!this.answers.isConnected) this.body.append(this.answers);
		this.section("continue", [job.outputs, index, job.status, job.eraseRequestedAt], () => job.outputs.length > 0 && [continueActions(job, index)]);
		this.section("warnings", job.warnings, () => warningsOf(job));
		this.section("family", [job.parentJobId, job.status, job.eraseRequestedAt], () => familyOf(this.api, job));
		this.section("kept", [job.tags, job.collections, job.outputs.length, index, job.eraseRequestedAt], () => keptOf(job, index));
		this.section("rating", [job.promptJobId, job.promptStatus, job.prompt], () => ratingOf(job, this.api));
		this.section("recipe", [{ ...job, statusText: "", wait: null, kept: null, promptRating: null }, index, timeline?.stages], () => [recipeOf(job, index, timeline)]);
		this.section("stages", timeline, () => timeline && stagesOf(timeline));
		this.section("timeline", timeline?.items, () => timeline && timelineOf(timeline));
	}

	/** @param {Job} job */
	showActions(job) {
		const output = job.outputs[this.index];
		const address = output && fileOf(output);
		this.download.hidden = !address;
		if (address) {
			setAttribute(this.download, "href", address);
			setAttribute(this.download, "download", output.stored?.name ?? "");
		}
		for (const rating of this.ratings) {
			rating.hidden = !output;
			setAttribute(rating, "aria-pressed", rating.dataset.kept === `${job.kept}`);
		}
		offerActs(this.buttons, job);
		this.changed.hidden = job.outputs.length > 0 || isErased(job);
		const group = groupLink(job);
		this.beside.hidden = group === null;
		if (group !== null) this.beside.href = group;
		const temporal = safeAddress(job.links.temporal ?? "");
		this.temporal.hidden = !temporal;
		if (temporal) this.temporal.href = temporal;
	}

	/** Show the family again: it has grown. */
	showFamily() {
		this.renew("family");
	}

	/** @param {string} name Of a section that is to be shown again, though the job is the same. */
	renew(name) {
		const section = this.shown.get(name);
		if (!this.job || !section) return;
		section.text = "";
		this.showSections(this.job);
	}

	/** @param {number} index */
	choose(index) {
		this.index = index;
		if (!this.job) return;
		this.showSections(this.job);
		this.showActions(this.job);
		/** @type {HTMLElement | null} */
		const chosen = this.body.querySelector('.output-strip [aria-pressed="true"]');
		chosen?.focus({ preventScroll: true });
	}

	/**
	 * Show a section, or nothing if `make` returns none.
	 *
	 * @param {string} name
	 * @param {unknown} data What it shows.
	 * @param {() => Child[] | null | false} make
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
function ratingOf({ promptJobId, promptStatus, prompt }, api) {
	if (!promptJobId || promptStatus === "failed" || !prompt) return null;
	const place = el("div");
	/** @param {PromptJob} promptJob */
	const show = (promptJob) => promptJob.generatedPrompt && place.append(el("h3", PANEL.groksPrompt), new PromptRating(api, promptJob).element);
	const ask = () => api.get("/api/prompt/queue/{prompt_job_id}", { params: { prompt_job_id: promptJobId } });
	persist(ask, { wanted: () => place.isConnected }).then((found) => found && show(found), asProblem);
	return [place];
}
