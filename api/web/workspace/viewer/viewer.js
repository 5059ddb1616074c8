// The viewer: one output over the whole page, or two compared; with keys for all of it.

import { reasonWithout } from "../core/access.js";
import { button, closest, el, fill, iconButton, on, setAttribute, setText, showAllowed } from "../core/dom.js";
import { asProblem } from "../core/api.js";
import { whenBack } from "../core/back.js";
import { jobName } from "../core/format.js";
import { icon } from "../core/icons.js";
import { lazy } from "../core/lazy.js";
import { fileOf } from "../core/media.js";
import { announce, raiseNotices } from "../core/notices.js";
import { persist } from "../core/persist.js";
import { addStyles } from "../core/styles.js";
import { uncover } from "../gallery/covers.js";
import { isViewable, tilesOf, tilesOfJob } from "../gallery/tiles.js";
import { COMMON } from "../words/common.js";
import { CORE } from "../words/core.js";
import { VIEWER } from "../words/viewer.js";
import { arrange } from "../kept/arrangement.js";
import { COLLECTIONS } from "../words/collections.js";
import { viewIn, viewLink } from "./link.js";
import { inputMedium, inputPicturesOf, mediumOf } from "./medium.js";
import { continueButtons, Recipe } from "./side.js";
import { Stage } from "./stage.js";

/** @import { Job, Output } from "../../types/page.js" */
/** @import { Place, View } from "./link.js" */
/** @import { Medium } from "./medium.js" */
/** @import { Neighbours } from "./place.js" */

/** @typedef {{ job: Job, output: Output }} Shot */

const collecting = lazy(() => import("../kept/collections.js"));
const shortcutSheet = lazy(() => import("../core/shortcut_sheet.js"));

const RECIPE_KEY = "promptmill.viewerRecipe";

export class Viewer {
	/** @type {View | null} */
	view = null;
	/** @type {Map<string, Job>} Jobs that a link names, and that the list does not have. */
	others = new Map();
	entered = false;
	/** The job that the server does not have either. */
	missing = "";
	recipeShown = localStorage.getItem(RECIPE_KEY) === "shown";
	title = el("h2.viewer-title", { id: "viewer-title", tabindex: "-1" });
	count = el("span.viewer-count.quiet");
	percent = button("is-small.is-plain.viewer-percent", () => this.stage.toggleZoom(), { title: VIEWER.fitTitle });
	actions = el("div.viewer-actions");
	side = el("aside.viewer-recipe", { "aria-label": COMMON.recipe, hidden: true });
	styled = addStyles("viewer.css");

	/**
	 * @param {Neighbours} parts
	 */
	constructor(parts) {
		this.parts = parts;
		const close = () => this.close();
		this.recipe = new Recipe(this.side, parts.api, () => this.showRecipe(false));
		this.stage = new Stage({
			onZoom: () => this.showZoom(),
			onUncover: (key) => {
				uncover(key);
				this.draw();
			},
			onSwipe: (steps) => this.step(steps),
		});
		this.before = iconButton("back", VIEWER.previous, () => this.step(-1), VIEWER.previousKey);
		this.after = iconButton("next", VIEWER.next, () => this.step(1), VIEWER.nextKey);
		this.before.classList.add("viewer-before");
		this.after.classList.add("viewer-after");
		this.like = button("is-small", () => this.rateIt(true), icon("heart"), el("span", COMMON.like));
		this.compare = button("is-small", () => this.toggleCompare(), { title: VIEWER.compareKey }, icon("compare"), el("span", COMMON.compare));
		this.input = button("is-small", () => this.toggleInput(), { title: VIEWER.inputKey }, icon("image"), el("span", VIEWER.input));
		this.wayName = el("span");
		this.way = button("is-small", () => this.toggleSlider(), { title: VIEWER.shapeKey }, icon("divider"), this.wayName);
		this.download = el("a.button.is-small", { title: VIEWER.downloadKey, download: "", target: "_blank", rel: "noreferrer noopener", referrerpolicy: "no-referrer" }, icon("download"), el("span", COMMON.download));
		this.collect = button("is-small", () => this.collectIt(), { title: COLLECTIONS.collectTitle }, icon("inbox"), el("span", COLLECTIONS.collect));
		this.panel = button("is-small", () => this.toPanel(), { title: VIEWER.openJobKey }, icon("external"), el("span", VIEWER.openJob));
		this.info = button("is-small", () => this.showRecipe(!this.recipeShown), { title: VIEWER.recipeKey }, icon("info"), el("span", COMMON.recipe));
		const zoom = el(
			"div.viewer-zoom",
			{ role: "group", "aria-label": VIEWER.zoom },
			iconButton("minus", VIEWER.smaller, () => this.stage.moveBy("-"), VIEWER.smallerKey),
			this.percent,
			iconButton("plus", VIEWER.larger, () => this.stage.moveBy("+"), VIEWER.largerKey),
		);
		this.element = el(
			"dialog.viewer",
			{ "aria-labelledby": "viewer-title" },
			el("header.viewer-head", el("div.viewer-name", this.title, this.count), zoom, iconButton("cross", VIEWER.closeViewer, close, COMMON.closeKey)),
			el("div.viewer-middle", this.stage.element, this.before, this.after),
			this.side,
			el("footer.viewer-foot", this.actions, el("div.viewer-tools", this.like, this.compare, this.input, this.way, this.download, this.collect, this.panel, this.info)),
		);
		on(this.element, "cancel", (event) => {
			event.preventDefault();
			close();
		});
		on(this.element, "keydown", (event) => this.onKey(event));
		parts.book.listen("change", ({ job }) => this.renew(job));
		parts.book.listen("list", () => this.open && this.showPlace());
		whenBack(() => this.open && this.draw());
		document.body.append(this.element);
	}

	get open() {
		return this.element.open;
	}

	/**
	 * Show what the page's address names, or close.
	 *
	 * @param {boolean} entered Whether the page's own history has an entry before the viewer's.
	 */
	follow(entered) {
		const view = viewIn(location.hash);
		if (view && !this.open) this.entered = entered;
		if (view) this.show(view);
		else this.hide();
	}

	/**
	 * Look at something else: Back still leads to where the viewer was opened.
	 *
	 * @param {View} view
	 */
	go(view) {
		history.replaceState(null, "", viewLink(view));
		this.show(view);
	}

	close() {
		if (this.entered) history.back();
		else {
			history.replaceState(null, "", location.pathname + location.search);
			this.hide();
		}
	}

	/** @param {View} view */
	show(view) {
		this.view = view;
		if (!this.open) {
			this.element.showModal();
			raiseNotices();
			this.title.focus({ preventScroll: true });
		}
		this.draw();
		const { jobId, other } = view;
		for (const named of [jobId, other && "jobId" in other ? other.jobId : jobId]) if (!this.job(named)) this.read(named);
	}

	hide() {
		if (!this.open) return;
		const last = this.view;
		this.view = null;
		this.missing = "";
		this.element.close();
		raiseNotices();
		this.stage.show(null, null, false);
		if (last && !document.activeElement?.closest("#panel")) this.parts.onClose(last.jobId, last.index);
	}

	/**
	 * Read a job that the list does not have, and show it.
	 *
	 * @param {string} jobId
	 */
	async read(jobId) {
		const wanted = () => this.open && [this.view?.jobId, this.view?.other && "jobId" in this.view.other && this.view.other.jobId].includes(jobId);
		try {
			const job = await persist(() => this.parts.api.get("/api/jobs/{job_id}", { params: { job_id: jobId } }), { wanted });
			if (job) this.others.set(jobId, job);
		} catch (thrown) {
			asProblem(thrown);
			this.missing = jobId;
		}
		if (this.open) this.draw();
	}

	/** @param {string} jobId */
	job(jobId) {
		return this.parts.book.get(jobId) ?? this.others.get(jobId);
	}

	/** @param {Job} job */
	renew(job) {
		if (this.others.has(job.jobId)) this.others.set(job.jobId, job);
		if (this.open && job.jobId === this.view?.jobId) this.draw();
	}

	/** The output that is looked at; null if the job has no such output. */
	get shot() {
		return this.view && this.shotAt(this.view);
	}

	/**
	 * @param {Place} place
	 * @returns {Shot | null}
	 */
	shotAt({ jobId, index }) {
		const job = this.job(jobId);
		const output = job?.outputs.find((one) => one.index === index);
		return job && output ? { job, output } : null;
	}

	/** What the arrows lead through: the outputs in the gallery's order, or those of a job that is not in it. */
	get shots() {
		const all = arrange(tilesOf(this.parts.book.shown()), this.parts.book.filter.collection).filter(isViewable);
		const { view } = this;
		if (!view || all.some(({ job }) => job.jobId === view.jobId)) return all;
		const alone = this.others.get(view.jobId);
		return alone ? tilesOfJob(alone).filter(isViewable) : [];
	}

	draw() {
		const { shot, view } = this;
		if (!shot || !view) return this.blank();
		const { job, output } = shot;
		const other = this.other(job);
		setText(this.title, jobName(job));
		this.stage.show(mediumOf(job, output), other, view.slider);
		const reason = reasonWithout("jobs:write");
		showAllowed(this.like, reason, COMMON.likeKey);
		setAttribute(this.like, "aria-pressed", job.kept === true);
		setAttribute(this.compare, "aria-pressed", view.other !== null && "jobId" in view.other);
		setAttribute(this.input, "aria-pressed", view.other !== null && "input" in view.other);
		this.input.hidden = inputPicturesOf(job).length === 0;
		this.way.hidden = !other || output.kind !== "image" || other.kind !== "image";
		setText(this.wayName, view.slider ? VIEWER.sideBySide : VIEWER.divider);
		const file = fileOf(output);
		this.download.hidden = !file;
		if (file) this.download.href = file;
		setAttribute(this.download, "download", output.stored?.name ?? "");
		for (const one of [this.like, this.collect, this.panel, this.info, this.compare]) one.hidden = false;
		showAllowed(this.collect, reason, COLLECTIONS.collectTitle);
		this.showPlace();
		this.showZoom();
		this.showSide(job, output);
		this.prefetch();
	}

	/** Fetch what the arrows lead to, so that it is there at once. */
	prefetch() {
		const { shots } = this;
		const at = this.placeOf(shots, this.moving);
		for (const shot of [shots[at + 1], shots[at - 1]]) {
			const medium = at >= 0 && shot && mediumOf(shot.job, shot.output);
			if (medium && medium.kind === "image" && !medium.covered && medium.file) el("img", { referrerpolicy: "no-referrer", src: medium.file });
		}
	}

	/**
	 * Return what the output is compared to.
	 *
	 * @param {Job} job
	 * @returns {Medium | null}
	 */
	other(job) {
		const wanted = this.view?.other;
		if (!wanted) return null;
		if ("input" in wanted) return inputMedium(job, wanted.input);
		const shot = this.shotAt(wanted);
		return shot && mediumOf(shot.job, shot.output);
	}

	blank() {
		this.stage.show(null, null, false);
		const reading = this.view && !this.job(this.view.jobId) && this.missing !== this.view.jobId;
		setText(this.title, reading ? CORE.loading : VIEWER.noSuchOutput);
		setText(this.count, reading ? "" : VIEWER.noSuchOutputNote);
		for (const one of [this.before, this.after, this.like, this.compare, this.input, this.way, this.download, this.collect, this.panel, this.info]) one.hidden = true;
		fill(this.actions);
	}

	/** Show where among all outputs it stands. */
	showPlace() {
		if (!this.shot) return;
		const { shots } = this;
		const at = this.placeOf(shots, this.moving);
		const more = this.parts.book.cursor && shots.length > 1;
		setText(this.count, VIEWER.place(at + 1, shots.length, more ? "+" : ""));
		this.before.hidden = at <= 0;
		this.after.hidden = at < 0 || (at === shots.length - 1 && !more);
	}

	/** What the arrows change: while two are compared, the other one. */
	get moving() {
		const { view } = this;
		return view?.other && "jobId" in view.other ? view.other : view;
	}

	/**
	 * @param {Shot[]} shots
	 * @param {Place | null} place
	 */
	placeOf(shots, place) {
		return shots.findIndex(({ job, output }) => job.jobId === place?.jobId && output.index === place.index);
	}

	/**
	 * Move on by this many outputs, reading older ones at the end.
	 *
	 * @param {number} steps
	 */
	async step(steps) {
		const { view } = this;
		const at = this.placeOf(this.shots, this.moving);
		if (!view || at < 0) return;
		if (!this.shots[at + steps] && steps > 0 && this.parts.book.cursor) await this.parts.readOlder();
		const next = this.shots[at + steps];
		if (!next || this.view !== view) return;
		const place = { jobId: next.job.jobId, index: next.output.index };
		const { other } = view;
		this.go(other && "jobId" in other ? { ...view, other: place } : { ...place, other: null, slider: view.slider });
		announce(VIEWER.placeOf(jobName(next.job), at + steps + 1, this.shots.length));
	}

	/** @param {number} steps */
	stepJob(steps) {
		const { shots, moving } = this;
		const at = this.placeOf(shots, moving);
		const beyond = steps > 0 ? shots.findIndex(({ job }, index) => index > at && job.jobId !== moving?.jobId) : shots.findLastIndex(({ job }, index) => index < at && job.jobId !== moving?.jobId);
		if (beyond >= 0) return this.step(beyond - at);
		return steps > 0 ? this.step(shots.length - at) : undefined;
	}

	showZoom() {
		const { percent } = this.stage;
		setText(this.percent, percent === null ? "–" : `${percent} %`);
		setAttribute(this.percent, "aria-label", percent === null ? VIEWER.zoom : VIEWER.zoomAt(percent));
	}

	/** @param {boolean} liked */
	async rateIt(liked) {
		if (this.shot) await (await this.parts.actions())?.keep(this.shot.job, liked);
		// A job that the list does not have is not heard of by its changes.
		if (this.shot) this.draw();
	}

	async collectIt() {
		const { view } = this;
		if (view && this.shot) (await collecting())?.askCollection([{ jobId: view.jobId, index: view.index }]);
	}

	toggleCompare() {
		const { view } = this;
		if (!view) return;
		if (view.other && "jobId" in view.other) return this.go({ ...view, other: null });
		const { shots } = this;
		const at = this.placeOf(shots, view);
		const next = shots[at + 1] ?? shots[at - 1];
		if (!next) return announce(VIEWER.nothingToCompare);
		this.go({ ...view, other: { jobId: next.job.jobId, index: next.output.index } });
	}

	toggleInput() {
		const { view, shot } = this;
		if (!view || !shot) return;
		const number = inputPicturesOf(shot.job).length;
		if (!number) return announce(VIEWER.noInput);
		const now = view.other && "input" in view.other ? view.other.input + 1 : 0;
		this.go({ ...view, other: now < number ? { input: now } : null });
	}

	toggleSlider() {
		const { view } = this;
		if (view?.other) this.go({ ...view, slider: !view.slider });
	}

	toPanel() {
		if (this.view) location.replace(`#job=${this.view.jobId}`);
	}

	/** @param {boolean} shown */
	showRecipe(shown) {
		if (!shown && this.side.contains(document.activeElement)) this.info.focus();
		this.recipeShown = shown;
		localStorage.setItem(RECIPE_KEY, shown ? "shown" : "hidden");
		const { shot } = this;
		if (shot) this.showSide(shot.job, shot.output);
	}

	/**
	 * @param {Job} job
	 * @param {Output} output
	 */
	async showSide(job, output) {
		this.side.hidden = !this.recipeShown;
		this.element.classList.toggle("has-recipe", this.recipeShown);
		setAttribute(this.info, "aria-pressed", this.recipeShown);
		if (this.recipeShown) await this.recipe.show(job, output.index);
		const buttons = await continueButtons(job, output.index);
		if (this.shot?.job === job && this.shot.output === output) fill(this.actions, buttons);
	}

	/** @param {KeyboardEvent} event */
	onKey(event) {
		if (event.ctrlKey || event.metaKey || event.altKey) return;
		const own = closest(event.target, "input, textarea, select");
		if (own && (own !== this.stage.divider || event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End")) return;
		if (event.key === " " && closest(event.target, "button, a")) return;
		// A letter that is held down does its act once.
		if (event.repeat && /^\p{L}$/u.test(event.key)) return;
		// Texts beside the picture are scrolled by the arrows.
		if (event.key.startsWith("Arrow") && closest(event.target, ".viewer-recipe, .viewer-text")) return;
		if (!this.does(event.key)) return;
		event.preventDefault();
	}

	/**
	 * Do what a key stands for; return whether it stands for anything.
	 *
	 * @param {string} key
	 */
	does(key) {
		/** @type {Record<string, () => unknown>} */
		const acts = {
			ArrowLeft: () => this.step(-1),
			ArrowRight: () => this.step(1),
			ArrowUp: () => this.stepJob(-1),
			ArrowDown: () => this.stepJob(1),
			l: () => this.rateIt(true),
			x: () => this.rateIt(false),
			a: () => this.collectIt(),
			c: () => this.toggleCompare(),
			b: () => this.toggleInput(),
			v: () => this.toggleSlider(),
			d: () => !this.download.hidden && this.download.click(),
			o: () => this.toPanel(),
			i: () => this.showRecipe(!this.recipeShown),
			"?": async () => (await shortcutSheet())?.showShortcuts(),
		};
		if (this.stage.moveBy(key)) return true;
		if (!Object.hasOwn(acts, key)) return false;
		acts[key]();
		return true;
	}
}
