// One batch: how far it is, what it has cost, what can be done with it, and its rows. It changes in place.

import { actingFor } from "../core/access.js";
import { asProblem } from "../core/api.js";
import { confirm } from "../core/dialogs.js";
import { button, el, setAttribute, setText } from "../core/dom.js";
import { usd } from "../core/format.js";
import { icon } from "../core/icons.js";
import { lazy } from "../core/lazy.js";
import { notify, reportProblem } from "../core/notices.js";
import { published } from "../core/published.js";
import { ask, Refusal } from "../kept/ask.js";
import { BATCHES } from "../words/batches.js";
import { StackedBar, showState, showWhy } from "./bars.js";
import { BatchRows } from "./batch_rows.js";
import { MOST_OPEN } from "./limits.js";
import { amountOf, wholeOf } from "./money.js";
import { actsOn, placeOfState, segmentsOf, titleOf } from "./progress.js";

/** @import { Batch } from "../../types/page.js" */
/** @import { BatchParts } from "./place.js" */

/** @import { Proposal } from "./proposal.js" */

/** @typedef {"/api/batches/{batch_id}/pause" | "/api/batches/{batch_id}/resume"} Switch */

const proposing = lazy(() => import("./proposal.js"));

export class BatchView {
	/** @type {Batch | null} */
	batch = null;
	batchId = "";
	reads = 0;
	/** @type {Proposal | null} */
	proposal = null;
	proposed = el("div.batch-proposed", { hidden: true });
	/** @type {string | null} Of the rows that are shown alone. */
	state = null;
	heading = el("h2", { id: "batches-title", tabindex: "-1" });
	chip = el("span.chip.batch-state", { role: "status" });
	model = el("span.quiet");
	why = el("p.batch-why", { role: "status" });
	bar = new StackedBar();
	moneyBar = new StackedBar();
	legend = el("div.batch-legend", { role: "group", "aria-label": BATCHES.rowsTitle });
	/** @type {Map<string, HTMLButtonElement>} */
	states = new Map();
	spent = el("strong");
	money = el("span.quiet");
	missing = el("p", { hidden: true }, BATCHES.notFound);

	/** @param {BatchParts} parts */
	constructor(parts) {
		this.parts = parts;
		this.rows = new BatchRows(parts.api);
		this.pause = button("is-small", () => this.turn("/api/batches/{batch_id}/pause", BATCHES.paused), icon("pause"), BATCHES.pause);
		this.resume = button("is-small.primary", () => this.turn("/api/batches/{batch_id}/resume", BATCHES.resumed), icon("play"), BATCHES.resume);
		this.raise = button("is-small.primary", () => this.askChange(), icon("play"), BATCHES.raise);
		this.retry = button("is-small", () => this.retryFailed(), icon("retry"), BATCHES.retryFailed);
		this.cancel = button("is-small", () => this.askCancel(), icon("slash"), BATCHES.cancelBatch);
		this.change = button("is-small", () => this.askChange(), icon("pen"), BATCHES.changeLimits);
		this.sheet = button("is-small", () => this.showSheet(), { title: BATCHES.sheetTitle }, icon("tiles"), BATCHES.sheet);
		this.csv = el("a.button.is-small", { download: "" }, BATCHES.csv);
		this.jsonl = el("a.button.is-small", { download: "" }, BATCHES.jsonl);
		this.zip = el("a.button.is-small", { download: "" }, icon("download"), BATCHES.zip);
		this.all = button(".chip-button", () => this.showState(null), BATCHES.showAll);
		this.legend.append(this.all);
		this.figures = el("div.batch-cards", el("section.batch-card", this.bar.element, this.legend), el("section.batch-card", this.moneyBar.element, el("p.batch-money-line", this.spent, this.money)));
		this.outcome = el("div.batch-line-acts", this.sheet, el("span.grow"), el("span.quiet", BATCHES.results), this.csv, this.jsonl, this.zip);
		this.body = el(
			"div.batch-body",
			el("div.batch-line-acts", this.chip, this.model, el("span.grow"), this.resume, this.raise, this.pause, this.retry, this.change, this.cancel),
			this.why,
			this.proposed,
			this.figures,
			this.outcome,
			this.rows.element,
		);
		this.element = el("div.batch-one", this.missing, this.body);
	}

	/** @param {string} batchId */
	async open(batchId) {
		if (batchId !== this.batchId) {
			this.batchId = batchId;
			this.batch = null;
			this.state = null;
			this.body.hidden = this.missing.hidden = true;
			setText(this.heading, BATCHES.loading);
		}
		await Promise.all([this.read(), this.rows.begin(batchId, this.state)]);
	}

	get call() {
		return { params: { batch_id: this.batchId } };
	}

	async read() {
		const latest = ++this.reads;
		try {
			const batch = await this.parts.api.get("/api/batches/{batch_id}", this.call);
			if (latest === this.reads) this.show(batch);
		} catch (thrown) {
			const problem = asProblem(thrown);
			if (latest !== this.reads) return;
			if (problem.status !== 404) return reportProblem(BATCHES.notLoaded, problem);
			this.body.hidden = true;
			this.missing.hidden = false;
			setText(this.heading, BATCHES.title);
		}
	}

	/** @param {Batch} batch */
	show(batch) {
		const stopped = this.batch && this.batch.state !== batch.state;
		this.batch = batch;
		this.body.hidden = false;
		this.missing.hidden = true;
		setText(this.heading, titleOf(batch));
		setText(this.model, batch.model);
		showState(this.chip, batch.state);
		showWhy(this.why, batch);
		this.bar.showRows(batch);
		this.moneyBar.showMoney(batch);
		setText(this.spent, BATCHES.spentOf(batch.spentUsd, batch.maxCostUsd));
		setText(this.money, BATCHES.moneyLeft(usd(batch.reservedUsd), usd(batch.leftUsd), batch.maxOpen));
		this.showLegend();
		this.showActs();
		this.showProposal(batch);
		this.rows.expect(this.state === null ? batch.rows : (batch.counts[/** @type {keyof Batch["counts"]} */ (this.state)] ?? 0));
		// Rows without a job of their own, such as those that are skipped, are told by nothing else.
		if (stopped) this.rows.reread();
	}

	/**
	 * Show what is proposed, while it awaits approval.
	 *
	 * @param {Batch} batch
	 */
	async showProposal(batch) {
		const awaits = batch.state === "awaiting_approval";
		this.proposed.hidden = !awaits;
		// There are no rows before it is approved.
		this.figures.hidden = this.outcome.hidden = this.rows.element.hidden = awaits;
		if (!awaits) return;
		const module = await proposing();
		if (!module || this.batch !== batch) return;
		this.proposal ??= new module.Proposal(this.parts, (approved) => this.approved(approved), () => this.read());
		if (!this.proposal.element.isConnected) this.proposed.append(this.proposal.element);
		this.proposal.show(batch);
	}

	/** @param {Batch} batch */
	approved(batch) {
		this.reads += 1;
		this.show(batch);
		this.rows.reread();
		this.heading.focus({ preventScroll: true });
	}

	showActs() {
		if (!this.batch) return;
		const acts = actsOn(this.batch);
		const focused = document.activeElement;
		for (const name of /** @type {const} */ (["pause", "resume", "raise", "cancel", "retry", "change"])) this[name].hidden = !acts[name];
		if (focused instanceof HTMLElement && focused.hidden && this.element.contains(focused)) this.heading.focus({ preventScroll: true });
		const path = published(`/api/batches/${this.batchId}`);
		for (const [link, end] of /** @type {const} */ ([[this.csv, "results.csv"], [this.jsonl, "results.jsonl"], [this.zip, "archive"]])) {
			setAttribute(link, "href", `${path}/${end}`);
			// A link cannot name the owner that an admin acts for.
			link.hidden = actingFor() !== null || (link === this.zip && !this.batch.counts.completed);
		}
		this.sheet.hidden = !this.batch.counts.completed;
	}

	showLegend() {
		if (!this.batch) return;
		const segments = segmentsOf(this.batch.counts);
		const counts = new Map(segments.map(({ state, count: number }) => [state, number]));
		for (const { state, tone } of segments) {
			if (this.states.has(state)) continue;
			const made = button(".chip-button", () => this.showState(this.state === state ? null : state), { "data-tone": tone, "data-state": state, title: BATCHES.onlyState(BATCHES.rowStates[state]) }, el("i.batch-dot", { "aria-hidden": "true", "data-part": state, "data-tone": tone }), el("span"));
			made.style.order = String(placeOfState(state));
			this.states.set(state, made);
			this.legend.append(made);
		}
		for (const [state, made] of this.states) {
			const number = counts.get(state) ?? 0;
			made.hidden = !number && this.state !== state;
			setText(/** @type {Element} */ (made.lastElementChild), BATCHES.inState(number, BATCHES.rowStates[state]));
			setAttribute(made, "aria-pressed", this.state === state);
		}
		setAttribute(this.all, "aria-pressed", this.state === null);
	}

	/** @param {string | null} state */
	showState(state) {
		this.state = state;
		this.showLegend();
		if (this.batch) this.rows.expect(0);
		this.rows.begin(this.batchId, state);
	}

	/** Show the outputs in the gallery. */
	showSheet() {
		location.hash = "";
		this.parts.select({ batch: this.batchId });
		document.querySelector('[data-half="jobs"]')?.dispatchEvent(new MouseEvent("click"));
		document.querySelector('[data-view="gallery"]')?.dispatchEvent(new MouseEvent("click"));
	}

	/**
	 * @param {Promise<Batch>} answer
	 * @param {string} done
	 */
	async take(answer, done) {
		try {
			this.reads += 1;
			this.show(await answer);
			notify(done);
		} catch (thrown) {
			reportProblem(BATCHES.notDone, asProblem(thrown));
		}
	}

	/**
	 * @param {Switch} path
	 * @param {string} done
	 */
	turn(path, done) {
		return this.take(this.parts.api.post(path, this.call), done);
	}

	async retryFailed() {
		const { batch } = this;
		const failed = batch?.counts.failed ?? 0;
		if (!batch || !(await confirm(BATCHES.retryTitle(failed), [BATCHES.retryNote(usd(batch.leftUsd))], BATCHES.retryYes(failed)))) return;
		const answer = this.parts.api.post("/api/batches/{batch_id}/retry-failed", this.call);
		const retried = await answer.then((found) => found.retriedRows, () => 0);
		await this.take(answer, BATCHES.retried(retried));
		await this.rows.reread();
	}

	async askCancel() {
		const { batch } = this;
		if (!batch) return;
		const waiting = batch.counts.waiting ?? 0;
		const open = (batch.counts.open ?? 0) + (batch.counts.unclear ?? 0);
		/** @param {"keep" | "cancel"} openJobs */
		const cancelling = (openJobs) => async () => {
			this.show(await this.parts.api.post("/api/batches/{batch_id}/cancel", { ...this.call, body: { openJobs } }));
			notify(BATCHES.cancelled);
			await this.rows.reread();
		};
		const answers = [{ label: BATCHES.cancelWaiting, act: cancelling("keep") }, ...(open ? [{ label: BATCHES.cancelAll, act: cancelling("cancel") }] : [])];
		await ask({ title: BATCHES.cancelTitle(titleOf(batch)), note: BATCHES.cancelNote(waiting, open), fields: [], answers, dismiss: BATCHES.keepOn });
	}

	async askChange() {
		const { batch } = this;
		if (!batch) return;
		/** @param {Record<string, string>} given */
		const act = async ({ maxCostUsd, maxOpen, stopAfterFailures }) => {
			const most = amountOf(maxCostUsd);
			const open = wholeOf(maxOpen, MOST_OPEN);
			const stop = wholeOf(stopAfterFailures);
			if (most === null) throw new Refusal(BATCHES.wrongMaxCost);
			if (!open) throw new Refusal(BATCHES.wrongMaxOpen(MOST_OPEN));
			if (stop === undefined) throw new Refusal(BATCHES.wrongStopAfter);
			this.show(await this.parts.api.patch("/api/batches/{batch_id}", { ...this.call, body: { maxCostUsd: most, maxOpen: open, stopAfterFailures: stop } }));
			notify(BATCHES.changed);
		};
		const fields = [
			{ name: "maxCostUsd", label: BATCHES.maxCost, value: String(batch.maxCostUsd) },
			{ name: "maxOpen", label: BATCHES.maxOpen, value: String(batch.maxOpen) },
			{ name: "stopAfterFailures", label: BATCHES.stopAfter, value: String(batch.stopAfterFailures ?? "") },
		];
		await ask({ title: BATCHES.changeTitle, note: BATCHES.changeNote, fields, answers: [{ label: BATCHES.changeYes, act }], dismiss: BATCHES.cancel });
	}
}
