// The prompts that Grok proposes for a batch: cards to choose, leave and edit, what the chosen ones cost, and the one button
// that has them made. Nothing is made before.

import { may, reasonWithout } from "../core/access.js";
import { asProblem } from "../core/api.js";
import { button, callout, closest, el, fill, on, setAttribute, setText } from "../core/dom.js";
import { usd } from "../core/format.js";
import { icon } from "../core/icons.js";
import { announce, notify, reportProblem } from "../core/notices.js";
import { vocabulary } from "../core/vocabulary.js";
import { BATCHES } from "../words/batches.js";
import { PROPOSAL } from "../words/proposal.js";
import { MOST_ROWS, MOST_VARIANTS } from "./limits.js";
import { allTurned, choicesOf, chosenOf, hasTwins, keepChoices, keptChoices } from "./proposed.js";

/** @import { AskPrice, Batch } from "../../types/page.js" */
/** @import { BatchParts } from "./place.js" */
/** @import { Choice } from "./proposed.js" */

export class Proposal {
	/** @type {Batch | null} */
	batch = null;
	/** What the cards are of. */
	shown = "";
	/** @type {Card[]} */
	cards = [];
	/** @type {{ priceUsd: number | null, floor: boolean } | null} Of one output; null while it is not known. */
	price = null;
	busy = false;
	state = el("div.proposal-state", { role: "status" });
	note = el("p.quiet");
	keys = el("p.hint", { id: "proposal-keys" }, PROPOSAL.keys);
	list = el("ul.proposal-list", { "aria-label": PROPOSAL.title, "aria-describedby": this.keys.id });
	own = el("textarea.input", { id: "proposal-own", rows: 2, maxlength: vocabulary.limits.promptCharacters });
	figure = el("p.proposal-figure", { role: "status" });
	reason = el("p.wrong", { id: "proposal-reason", role: "status" });

	/**
	 * @param {BatchParts} parts
	 * @param {(batch: Batch) => void} take Shows the batch as it is once it is approved.
	 * @param {() => unknown} reread
	 */
	constructor(parts, take, reread) {
		this.parts = parts;
		this.take = take;
		this.reread = reread;
		this.all = button("is-small", () => this.turnAll(), PROPOSAL.chooseNone);
		this.add = button("is-small", () => this.addOwn(), icon("plus"), PROPOSAL.add);
		this.make = button("primary.is-large", () => this.approve(), { id: "proposal-make", "aria-describedby": this.reason.id }, "");
		this.adding = el("div.field.proposal-own", el("label.label", { for: this.own.id }, PROPOSAL.addOwn), this.own, this.add);
		this.choosing = el("div.proposal-choosing", el("div.proposal-head", this.note, this.all), this.keys, this.list, this.adding, el("div.proposal-act", this.figure, this.make, this.reason));
		this.element = el("section.proposal", { "aria-label": PROPOSAL.title }, this.state, this.choosing);
		on(this.list, "keydown", (event) => this.onKey(event));
		on(this.own, "keydown", (event) => {
			if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
			event.preventDefault();
			this.addOwn();
		});
	}

	/** @param {Batch} batch That awaits approval. */
	show(batch) {
		this.batch = batch;
		const { proposal } = batch;
		const state = proposal?.state ?? "writing";
		fill(
			this.state,
			state === "writing" && el("p.proposal-writing", icon("ring"), el("span", PROPOSAL.writing)),
			state === "ready" && proposal?.problem && el("p.quiet", proposal.problem),
			state === "failed" && callout("bad", icon("warning"), el("strong", PROPOSAL.failed), el("p", proposal?.problem), el("p", PROPOSAL.failedNote)),
		);
		this.choosing.hidden = state === "writing";
		if (state === "writing") return;
		setText(this.note, PROPOSAL.note(proposal?.rows ?? 1));
		const shown = JSON.stringify([batch.batchId, proposal?.promptJobId, proposal?.prompts]);
		// What somebody has begun to choose stays while the batch is read again.
		if (shown !== this.shown) {
			this.shown = shown;
			this.setCards(keptChoices(shown) ?? choicesOf(proposal?.prompts ?? []));
			this.readPrice(batch);
		}
		this.showSum();
	}

	/** @param {readonly Choice[]} choices */
	setCards(choices) {
		this.cards = choices.map((choice, index) => new Card(choice, index + 1, () => this.showSum()));
		fill(this.list, this.cards.map(({ element }) => element));
	}

	/**
	 * Ask what one output costs, as the template has it.
	 *
	 * @param {Batch} batch
	 */
	async readPrice({ batchId, template }) {
		this.price = null;
		const { model, input, targetUrl, refUrls, allowUnknownModel } = /** @type {AskPrice} */ (template);
		const body = { model, ...(input && { input }), ...(targetUrl && { targetUrl }), ...(refUrls && { refUrls }), ...(allowUnknownModel && { allowUnknownModel }) };
		const answer = await this.parts.api.post("/api/models/price", { body }).catch(() => null);
		if (batchId !== this.batch?.batchId) return;
		this.price = { priceUsd: answer?.priceUsd ?? null, floor: answer?.floor ?? false };
		this.showSum();
	}

	/** What the button would do, and what keeps it from that. */
	standing() {
		const { cards, price } = this;
		const rows = this.batch?.proposal?.rows ?? 1;
		const chosen = chosenOf(cards.map(({ choice }) => choice), { rows, priceUsd: price?.priceUsd ?? null });
		const refusal =
			reasonWithout("jobs:write") ||
			(!chosen.texts.length && PROPOSAL.noneChosen) ||
			(chosen.texts.some((text) => !text) && PROPOSAL.blankPrompt) ||
			(hasTwins(chosen.texts) && PROPOSAL.samePrompt) ||
			(chosen.texts.length > MOST_VARIANTS && PROPOSAL.tooManyPrompts(MOST_VARIANTS)) ||
			(chosen.made > MOST_ROWS && PROPOSAL.tooManyMade(chosen.made, MOST_ROWS)) ||
			"";
		return { ...chosen, rows, refusal };
	}

	showSum() {
		const { batch, price, busy } = this;
		if (!batch) return;
		keepChoices(this.shown, this.cards.map(({ choice }) => choice));
		const { texts, made, priceUsd, rows, refusal } = this.standing();
		const each = price && (price.priceUsd === null ? PROPOSAL.priceUnknown : PROPOSAL.priceEach(price.priceUsd, price.floor));
		const over = priceUsd !== null && priceUsd > batch.leftUsd;
		this.figure.hidden = !made;
		fill(this.figure, [PROPOSAL.madeOf(texts.length, rows, made), each].filter(Boolean).join(" · "), over && el("span.batch-warn", PROPOSAL.overBudget(usd(batch.leftUsd))));
		setText(this.make, busy ? PROPOSAL.making : PROPOSAL.makeThem(made, this.noun(), priceUsd));
		setAttribute(this.make, "aria-disabled", refusal !== "" || busy);
		setText(this.reason, refusal);
		setText(this.all, this.cards.every(({ choice }) => choice.chosen) ? PROPOSAL.chooseNone : PROPOSAL.chooseAll);
		this.note.hidden = this.keys.hidden = this.all.hidden = !this.cards.length;
		this.adding.hidden = this.cards.length >= MOST_VARIANTS || !may("jobs:write");
	}

	/** What the model makes. */
	noun() {
		const kind = this.parts.models.get(this.batch?.model ?? "")?.kind;
		return kind === "image" ? "picture" : kind === "video" ? "video" : "output";
	}

	turnAll() {
		const turned = allTurned(this.cards.map(({ choice }) => choice));
		this.cards.forEach((card, index) => card.turn(turned[index].chosen));
		this.showSum();
	}

	addOwn() {
		const text = this.own.value.trim();
		if (!text) return this.own.focus();
		const card = new Card({ text, first: null, chosen: true }, this.cards.length + 1, () => this.showSum());
		this.cards.push(card);
		this.list.append(card.element);
		this.own.value = "";
		this.showSum();
		card.check.focus();
	}

	/** @param {KeyboardEvent} event */
	onKey(event) {
		const { key, target } = event;
		const place = this.cards.findIndex(({ element }) => element === closest(target, "li"));
		const card = this.cards[place];
		if (!card || card.editing || event.ctrlKey || event.metaKey || event.altKey) return;
		if (key === "e") card.edit();
		else if (key === "a") this.turnAll();
		else if (key === "ArrowDown" || key === "ArrowUp") this.cards[place + (key === "ArrowDown" ? 1 : -1)]?.check.focus();
		else return;
		event.preventDefault();
		event.stopPropagation();
	}

	/** Have the chosen prompts made, or say what is in the way. */
	async approve() {
		const { batch } = this;
		for (const card of this.cards) card.commit();
		const { texts, made, refusal } = this.standing();
		if (refusal) return announce(refusal);
		if (!batch || this.busy) return;
		this.busy = true;
		this.showSum();
		try {
			const approved = await this.parts.api.post("/api/batches/{batch_id}/approve", { params: { batch_id: batch.batchId }, body: { prompts: texts } });
			notify(PROPOSAL.approved(made, this.noun()));
			this.busy = false;
			this.take(approved);
		} catch (thrown) {
			this.busy = false;
			this.showSum();
			reportProblem(BATCHES.notDone, asProblem(thrown));
			// Somebody else may have approved it.
			this.reread();
		}
	}
}

class Card {
	editing = false;
	check = el("input", { type: "checkbox" });
	text = el("p.proposal-text");
	mark = el("span.quiet.proposal-mark");
	field = el("textarea.input", { rows: 3, hidden: true, maxlength: vocabulary.limits.promptCharacters });

	/**
	 * @param {Choice} choice
	 * @param {number} number
	 * @param {() => void} changed
	 */
	constructor(choice, number, changed) {
		this.choice = { ...choice };
		this.changed = changed;
		setAttribute(this.check, "aria-label", PROPOSAL.choosePrompt(number));
		setAttribute(this.field, "aria-label", PROPOSAL.promptNumber(number));
		this.change = button("is-small", () => (this.editing ? this.leave() : this.edit()), "");
		this.element = el("li.proposal-card", el("label.proposal-choose", this.check, el("span.quiet", { "aria-hidden": "true" }, String(number))), el("div.proposal-words", this.text, this.field, this.mark), this.change);
		on(this.check, "change", () => {
			this.turn(this.check.checked);
			changed();
		});
		on(this.field, "input", () => {
			this.choice.text = this.field.value;
			changed();
		});
		on(this.field, "keydown", (event) => {
			if (event.isComposing) return;
			if (event.key === "Escape") this.choice.text = this.before;
			else if (event.key !== "Enter" || event.shiftKey) return;
			event.preventDefault();
			event.stopPropagation();
			this.leave();
		});
		on(this.text, "dblclick", () => this.edit());
		this.show();
	}

	before = "";

	/** @param {boolean} chosen */
	turn(chosen) {
		this.choice.chosen = chosen;
		this.show();
	}

	show() {
		const { text, first, chosen } = this.choice;
		this.check.checked = chosen;
		this.element.classList.toggle("is-left", !chosen);
		setText(this.text, text);
		this.text.hidden = this.editing;
		this.field.hidden = !this.editing;
		setText(this.mark, first === null ? PROPOSAL.ownPrompt : text.trim() === first.trim() ? "" : PROPOSAL.changedPrompt);
		setText(this.change, this.editing ? PROPOSAL.editDone : PROPOSAL.edit);
	}

	edit() {
		this.before = this.choice.text;
		this.editing = true;
		this.field.value = this.choice.text;
		this.show();
		this.field.focus();
		this.field.setSelectionRange(this.field.value.length, this.field.value.length);
	}

	/** Take what was written. */
	commit() {
		this.editing = false;
		this.show();
	}

	/** Take it, and go back to the card. */
	leave() {
		this.commit();
		this.changed();
		this.check.focus();
	}
}
