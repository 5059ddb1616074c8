// Makes a batch: the form says the template, the table beside it the rows, and the bar below what it may cost.

import { may } from "../core/access.js";
import { asProblem, newKey } from "../core/api.js";
import { button, byId, closest, el, on, setText } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { announce, notify, reportProblem } from "../core/notices.js";
import { TABLE } from "../words/batch_table.js";
import { BATCHES } from "../words/batches.js";
import { Bringing, trimmed } from "./bring.js";
import { missingWords, roleOf, wordsOfTemplate } from "./columns.js";
import { emptyDraft, keepDraft, keptDraft } from "./draft.js";
import { Faults } from "./faults.js";
import { FaultsView } from "./faults_view.js";
import { Grid } from "./grid.js";
import { TABLE_MS } from "./limits.js";
import { amountOf } from "./money.js";
import { MoneyBar } from "./money_bar.js";
import { Planner } from "./planner.js";
import { PromptsChoice, wantedOf } from "./prompts_choice.js";
import { BatchRequest } from "./request.js";
import { newName, withBlock, withColumn } from "./table.js";
import { TemplateSide } from "./template_side.js";

/** @import { BatchParts } from "./place.js" */
/** @import { Draft } from "./draft.js" */
/** @import { Table } from "./table.js" */

const KEEP_MS = 400;
/** Refusals of a key with which a batch was made already: its answer was lost, and the table has changed since. */
const MADE = ["row_differs", "batch_ended"];
/** What Grok writes where it makes variants. */
const WRITTEN = ["prompt", "instructions"];
const TYPED = "input:not([type=radio], [type=checkbox]), textarea, select";

export class BatchMaker {
	draft = keptDraft();
	faults = new Faults();
	open = false;
	warned = false;
	/** What the form said last. */
	lastTemplate = "";
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	timer;
	emptyText = el("p.quiet");
	figure = el("span.quiet", { role: "status" });
	heading = el("h2", { id: "batch-maker-title", tabindex: "-1" }, TABLE.makeTitle);
	/** @type {NodeListOf<HTMLElement>} */
	tabs = document.querySelectorAll("[data-half]");

	/** @param {BatchParts} parts */
	constructor(parts) {
		this.parts = parts;
		const { state, models } = parts;
		const request = new BatchRequest(this.draft, parts);
		this.request = request;
		this.choice = new PromptsChoice({ draft: this.draft, state, change: (changed) => this.change(changed) });
		this.side = new TemplateSide(state, this.choice.element);
		this.grid = new Grid({ table: this.draft.table, faults: () => this.faults, roleOf: (name) => this.lookOf(name) });
		this.faultsView = new FaultsView(this.grid, () => request.known);
		this.planner = new Planner({ table: () => this.draft.table, isEmpty: () => !request.rowsOf(this.draft.table), ask: (table) => parts.api.post("/api/batches/plan", { body: request.planOf(table), patience: TABLE_MS }) });
		this.money = new MoneyBar({ draft: this.draft, planner: this.planner, change: (changed) => this.change(changed), queue: () => this.queue() });
		this.bring = new Bringing({ uploads: parts.uploads, table: () => this.grid.table, take: (table) => this.takeTable(table), isKnown: (name) => roleOf(name, { ...request.known, inputs: request.known.inputs ?? new Set() }) !== "unknown", seed: () => request.seed() });
		this.empty = this.emptyPlace();
		this.tools = this.toolbar();
		this.element = el(
			"section.batch-maker",
			{ id: "batch-maker", "aria-labelledby": this.heading.id, hidden: true },
			el("div.batch-head", this.heading, this.figure, el("span.grow"), el("a.button.is-small", { href: "#batches" }, icon("table"), BATCHES.title), el("a.button.is-small", { href: "#", title: TABLE.closeTitle }, icon("cross"), TABLE.close)),
			this.tools,
			this.bring.place,
			...this.bring.choosers,
			this.empty,
			this.grid.element,
			this.faultsView.element,
			this.money.element,
		);
		byId("work").append(this.element);
		this.grid.listen("change", () => this.changed());
		this.planner.listen("change", () => this.showPlanned());
		state.listen("change", () => this.open && this.templateChanged());
		models.listen("change", () => this.open && this.templateChanged());
		on(this.element, "dragover", (event) => this.drag(event, true));
		on(this.element, "dragleave", (event) => this.element.contains(/** @type {Node | null} */ (event.relatedTarget)) || this.drag(event, false));
		on(this.element, "drop", (event) => this.drop(event));
		document.addEventListener("paste", (event) => this.open && this.onPaste(event));
		// Enter in a field of the form queues one job; here it is a template.
		document.addEventListener("submit", (event) => this.open && event.target === byId("form") && refuse(event), { capture: true });
		document.addEventListener("keydown", (event) => this.onKey(event), { capture: true });
		on(window, "pagehide", () => this.keep());
		this.showTable();
	}

	/**
	 * Ctrl Enter queues the batch, wherever the focus is.
	 *
	 * @param {KeyboardEvent} event
	 */
	onKey(event) {
		if (!this.open || event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || document.querySelector("dialog[open]")) return;
		refuse(event);
		this.grid.editor.commit();
		this.queue();
	}

	/** @param {boolean} open */
	reveal(open) {
		if (open === this.open) return;
		this.open = open;
		this.element.hidden = !open;
		document.body.toggleAttribute("data-making", open);
		this.side.reveal(open);
		const [one, other] = this.tabs;
		setText(one, open ? TABLE.template : TABLE.newJob);
		setText(other, open ? TABLE.table : TABLE.jobs);
		if (open) {
			other.click();
			this.grid.arrange();
			this.templateChanged();
			this.heading.focus({ preventScroll: true });
		} else {
			this.planner.stop();
			this.keep();
		}
	}

	/**
	 * Return what a column is, in a word.
	 *
	 * @param {string} name
	 */
	lookOf(name) {
		const known = this.request.known;
		const role = roleOf(name, known);
		if (known.words.has(name)) return { word: TABLE.fills(name), tone: null };
		return { word: TABLE.roles[role === "field" ? name : role], tone: role === "unknown" ? "attention" : null };
	}

	emptyPlace() {
		return el(
			"div.batch-empty",
			icon("table"),
			el("h3", TABLE.emptyTitle),
			this.emptyText,
			el("div.batch-sources", this.sourceButtons(""), button("", () => this.start(), icon("pen"), TABLE.byHand)),
		);
	}

	start() {
		this.bring.byHand([...this.request.known.words]);
		this.grid.go({ row: 0, column: 0 });
		this.grid.element.focus();
	}

	/** @param {string} look */
	sourceButtons(look) {
		const { bring } = this;
		return [
			button(look, () => bring.paste(), { title: TABLE.pasteTitle }, icon("copy"), TABLE.paste),
			button(look, () => bring.tableFiles.click(), icon("upload"), TABLE.file),
			button(look, () => bring.pictureFiles.click(), icon("image"), TABLE.pictures),
			button(look, () => bring.folder.click(), icon("inbox"), TABLE.folder),
			button(look, () => bring.crossed([...this.request.known.words]), icon("tiles"), TABLE.cross),
			button(look, () => bring.repeated(), icon("retry"), TABLE.repeat),
		];
	}

	toolbar() {
		const { grid } = this;
		/** @param {() => unknown} act */
		const then = (act) => () => {
			act();
			grid.element.focus({ preventScroll: true });
		};
		const addRow = () => {
			const { rows } = grid.table;
			grid.take(withBlock(grid.table, { row: rows.length, column: 0 }, [[""]]));
			grid.go({ row: rows.length, column: 0 });
		};
		const addColumn = () => {
			grid.take(withColumn(grid.table, newName(grid.table.columns)));
			grid.go({ row: -1, column: grid.table.columns.length - 1 });
			grid.edit();
		};
		const menu = el("details.batch-more", el("summary.button.is-small", icon("plus"), TABLE.more), el("div.menu-list", this.sourceButtons("is-small")));
		on(menu, "click", (event) => closest(event.target, "button") && menu.removeAttribute("open"));
		return el(
			"div.batch-tools",
			{ role: "toolbar", "aria-label": TABLE.table },
			menu,
			button("is-small", then(addRow), TABLE.addRow),
			button("is-small", addColumn, TABLE.addColumn),
			button("is-small", then(() => grid.deleteRows()), TABLE.deleteRows),
			button("is-small", then(() => grid.deleteColumns()), TABLE.deleteColumns),
			button("is-small", then(() => grid.undo()), { title: TABLE.undoTitle }, icon("undo"), TABLE.undo),
			el("span.grow"),
			button("is-small.is-plain", () => this.clear(), TABLE.clear),
		);
	}

	clear() {
		this.takeTable({ columns: [], rows: [] });
		notify(TABLE.cleared, { action: { label: TABLE.undo, run: () => this.grid.undo() } });
		this.empty.querySelector("button")?.focus();
	}

	/** @param {Table} table */
	takeTable(table) {
		const began = !this.grid.table.columns.length;
		this.grid.take(table);
		if (began && table.columns.length) {
			this.grid.go({ row: 0, column: 0 });
			this.grid.element.focus({ preventScroll: true });
		}
	}

	/** The table has changed. */
	changed() {
		this.draft.table = this.grid.table;
		this.showTable();
		this.touched();
		this.faultsView.show(this.faults);
	}

	/**
	 * What may be spent, or how, has changed.
	 *
	 * @param {Partial<Draft>} changed
	 */
	change(changed) {
		Object.assign(this.draft, changed);
		this.choice.show();
		if ("variants" in changed) {
			this.showTable();
			this.templateChanged();
		}
		if (["maxCost", "maxOpen", "wanted"].some((name) => name in changed)) this.touched();
		else this.keepSoon();
		this.showMoney();
	}

	templateChanged() {
		this.grid.showHead();
		this.side.show(this.grid.table.columns, this.parts.state.values);
		this.choice.show();
		const now = JSON.stringify([this.request.template, this.draft.variants]);
		if (now === this.lastTemplate) this.showMoney();
		else {
			this.lastTemplate = now;
			this.touched();
		}
	}

	/** Something differs, and is to be looked at again. The key stays: what was sent with it may have been made. */
	touched() {
		this.keepSoon();
		if (this.open) this.planner.schedule();
	}

	showTable() {
		const { columns, rows } = this.grid.table;
		const some = columns.length > 0;
		this.empty.hidden = some;
		this.grid.element.hidden = this.tools.hidden = !some;
		setText(this.emptyText, this.draft.variants ? TABLE.emptyForVariants : TABLE.emptyText);
		setText(this.figure, some ? TABLE.rowCount(rows.length) : "");
		this.side.show(columns, this.parts.state.values);
	}

	showPlanned() {
		const { planned } = this.planner;
		if (planned) {
			const known = this.request.known;
			/** Variants are the prompts of all rows: a column cannot give one, too. @param {string} name */
			const isUnknown = (name) => roleOf(name, known) === "unknown" || (this.draft.variants && WRITTEN.includes(name));
			this.faults = new Faults(planned.plan.faults, planned.table, { isUnknown });
			this.faultsView.show(this.faults);
			this.grid.showHead();
			this.grid.rows.refresh();
		}
		this.showMoney();
	}

	showMoney() {
		const { planned, checking } = this.planner;
		const table = trimmed(this.grid.table);
		const words = wordsOfTemplate(this.request.template);
		const rows = this.request.rowsOf(table);
		return this.money.show({
			rows,
			variants: this.draft.variants ? wantedOf(this.draft.wanted) : null,
			faulty: planned?.plan.faultyRows ?? this.faults.count(table),
			limits: this.draft,
			plan: planned?.plan ?? null,
			checking,
			missing: rows && !this.draft.variants ? missingWords(words, table.columns) : [],
			template: this.request.reasons(table),
		});
	}

	/** Queue the batch, or say what is in the way. */
	async queue() {
		const { money, draft } = this;
		money.tried = true;
		const reasons = this.showMoney();
		if (reasons.length) announce(`${TABLE.nothingQueued} ${reasons.join(" ")}`);
		if (reasons.length && amountOf(draft.maxCost) === null) money.maxCost.focus();
		if (reasons.length || money.busy) return;
		money.setBusy(true);
		try {
			const made = await this.parts.api.post("/api/batches", { body: this.request.whole, key: draft.key, patience: TABLE_MS });
			notify(made.state === "awaiting_approval" ? TABLE.asked : TABLE.queued(made.rows - (made.counts.faulty ?? 0)));
			this.renew();
			location.hash = `batch=${made.batchId}`;
		} catch (thrown) {
			// The table and its key stay: sent again, nothing is made twice.
			const problem = asProblem(thrown);
			const made = MADE.includes(problem.code);
			reportProblem(made ? TABLE.wasMade : TABLE.nothingQueued, problem);
			// Whoever has read that may want another one.
			if (made) draft.key = newKey();
		}
		money.setBusy(false);
	}

	/** Begin anew, once the batch is made. */
	renew() {
		Object.assign(this.draft, emptyDraft());
		this.faults = new Faults();
		this.money.tried = false;
		this.money.fillIn();
		this.choice.show();
		this.grid.take(this.draft.table);
		this.faultsView.show(this.faults);
		this.keep();
	}

	keepSoon() {
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.keep(), KEEP_MS);
	}

	keep() {
		clearTimeout(this.timer);
		const kept = keepDraft(this.draft);
		if (!kept && !this.warned) notify(TABLE.notKept, { tone: "attention" });
		this.warned = !kept;
	}

	/**
	 * @param {DragEvent} event
	 * @param {boolean} over
	 */
	drag(event, over) {
		if (!this.open || !may("jobs:write")) return;
		event.preventDefault();
		event.stopPropagation();
		this.element.classList.toggle("is-dropping", over);
	}

	/** @param {DragEvent} event */
	drop(event) {
		this.drag(event, false);
		if (this.open && event.dataTransfer) this.bring.fromDrop(event.dataTransfer);
	}

	/**
	 * A table pasted anywhere but into a field or the grid is the batch's.
	 *
	 * @param {ClipboardEvent} event
	 */
	onPaste(event) {
		const text = event.clipboardData?.getData("text/plain");
		if (event.defaultPrevented || !text || closest(event.target, TYPED)) return;
		event.preventDefault();
		this.bring.fromText(text);
	}
}

/** @param {Event} event */
function refuse(event) {
	event.preventDefault();
	event.stopImmediatePropagation();
}
