// Below the table: what the batch would cost and may cost, and the button that queues it.

import { button, el, fill, on, setAttribute, setText } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { TABLE } from "../words/batch_table.js";
import { BATCHES } from "../words/batches.js";
import { amountOf, figuresOfPlan, queueLabel, reasonsAgainstBatch, wholeCost } from "./money.js";

/** @import { Draft } from "./draft.js" */
/** @import { Standing } from "./money.js" */
/** @import { Planner } from "./planner.js" */

const NAME_CHARACTERS = 100;

export class MoneyBar {
	figures = el("dl.batch-figures");
	note = el("p.hint.batch-note", { role: "status" });
	reasons = el("ul.reasons", { id: "batch-reasons" });
	suggest = el("span");
	busy = false;
	tried = false;
	/** @type {Standing | null} */
	standing = null;

	/**
	 * @param {object} parts
	 * @param {Draft} parts.draft
	 * @param {Planner} parts.planner
	 * @param {(changed: Partial<Draft>) => void} parts.change
	 * @param {() => void} parts.queue
	 */
	constructor({ draft, planner, change, queue }) {
		this.draft = draft;
		this.planner = planner;
		this.change = change;
		this.maxCost = this.entry("maxCost", "batch-max-cost", { inputmode: "decimal", "aria-describedby": "batch-max-cost-hint" });
		this.name = this.entry("name", "batch-name", { maxlength: NAME_CHARACTERS });
		this.maxOpen = this.entry("maxOpen", "batch-max-open", { inputmode: "numeric" });
		this.stopAfter = this.entry("stopAfter", "batch-stop-after", { inputmode: "numeric" });
		this.skip = el("input", { type: "checkbox", id: "batch-skip" });
		on(this.skip, "change", () => change({ skip: this.skip.checked }));
		this.skipText = el("span");
		this.skipLabel = el("label.check", { hidden: true }, this.skip, this.skipText);
		this.run = button("primary.is-large", queue, { id: "batch-queue", "aria-describedby": this.reasons.id }, "");
		this.element = el(
			"section.batch-money",
			{ "aria-label": TABLE.money },
			el("div.batch-money-said", this.figures, this.note),
			el(
				"div.batch-money-asked",
				el("div.field.batch-amount", el("label.label", { for: "batch-max-cost" }, BATCHES.maxCost), el("div.joined", el("span.batch-dollar", { "aria-hidden": "true" }, "$"), this.maxCost, this.suggest), el("p.hint", { id: "batch-max-cost-hint" }, TABLE.maxCostHint)),
				el(
					"details.fold.batch-settings",
					el("summary", icon("down"), TABLE.settings),
					el("div.field", el("label.label", { for: "batch-name" }, TABLE.name, el("span.quiet", ` ${TABLE.nameHint}`)), this.name),
					el("div.field", el("label.label", { for: "batch-max-open" }, BATCHES.maxOpen, el("span.quiet", ` ${TABLE.maxOpenHint}`)), this.maxOpen),
					el("div.field", el("label.label", { for: "batch-stop-after" }, BATCHES.stopAfter, el("span.quiet", ` ${TABLE.stopAfterHint}`)), this.stopAfter),
				),
			),
			el("div.batch-money-act", this.skipLabel, this.run, this.reasons),
		);
		this.fillIn();
	}

	/**
	 * @param {"maxCost" | "name" | "maxOpen" | "stopAfter"} name
	 * @param {string} id
	 * @param {import("../../types/page.js").Attributes} attributes
	 */
	entry(name, id, attributes) {
		const field = el("input.input", { id, autocomplete: "off", ...attributes });
		on(field, "input", () => this.change({ [name]: field.value }));
		return field;
	}

	/** Show what the draft has. */
	fillIn() {
		const { draft } = this;
		this.maxCost.value = draft.maxCost;
		this.name.value = draft.name;
		this.maxOpen.value = draft.maxOpen;
		this.stopAfter.value = draft.stopAfter;
		this.skip.checked = draft.skip;
	}

	/**
	 * Show how things stand; return why the batch cannot be queued.
	 *
	 * @param {Standing} standing
	 */
	show(standing) {
		this.standing = standing;
		const { plan, checking, faulty, rows } = standing;
		const { problem } = this.planner;
		setAttribute(this.element, "aria-busy", checking);
		// What was said of an older table stays, paler, until the new one is known.
		if (plan) fill(this.figures, figuresOfPlan(plan).map(({ name, text, warn }) => el("div", el("dt", name), el("dd", text, warn && el("span.batch-warn", warn)))));
		else if (!rows) fill(this.figures);
		this.figures.classList.toggle("is-old", !plan);
		const affordable = plan?.cost.affordableRows ?? null;
		const good = (rows - faulty) * (standing.variants ?? 1);
		const short = affordable !== null && affordable < good && amountOf(standing.limits.maxCost) !== null;
		if (problem) fill(this.note, TABLE.notChecked(problem.sentence), " ", button(".link-button", () => this.planner.run(), TABLE.again));
		else setText(this.note, checking ? TABLE.checking : short ? TABLE.enoughFor(affordable, good) : (plan?.warnings.join(" ") ?? ""));
		const whole = plan ? wholeCost(plan.cost) : null;
		const offered = whole !== null && whole > 0 && amountOf(standing.limits.maxCost) === null ? Math.ceil(whole * 100) / 100 : null;
		fill(this.suggest, offered !== null && button(".chip-button", () => this.set(offered), TABLE.setTo(offered)));
		this.skipLabel.hidden = !faulty || faulty === rows || standing.variants != null;
		setText(this.skipText, TABLE.skip(faulty));
		const reasons = reasonsAgainstBatch(standing);
		setText(this.run, this.busy ? TABLE.queueing : queueLabel(standing));
		setAttribute(this.run, "aria-disabled", reasons.length > 0 || this.busy);
		fill(this.reasons, reasons.map((reason) => el("li", reason)));
		this.reasons.hidden = !reasons.length;
		setAttribute(this.maxCost, "aria-invalid", this.tried && amountOf(standing.limits.maxCost) === null ? "true" : null);
		return reasons;
	}

	/** @param {number} amount */
	set(amount) {
		this.maxCost.value = amount.toFixed(2);
		this.change({ maxCost: this.maxCost.value });
		this.maxCost.focus();
	}

	/** @param {boolean} busy */
	setBusy(busy) {
		this.busy = busy;
		if (this.standing) this.show(this.standing);
	}
}
