// What is shown of batches: the list of them, one of them, or the table of a new one beside the form.

import { may } from "../core/access.js";
import { el, fill } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { lazy } from "../core/lazy.js";
import { addStyles } from "../core/styles.js";
import { BATCHES } from "../words/batches.js";
import { BatchView } from "./batch_view.js";
import { BatchList } from "./list.js";

/** @import { BatchMaker } from "./maker.js" */
/** @import { BatchParts } from "./place.js" */

/** @typedef {{ make: boolean, batchId: string | null }} Shown */

/** What changes often is read once for all changes of so long: when the batch itself is told of, and when any job is. */
const SOON_MS = 600;
const LATER_MS = 3000;

const making = lazy(() => import("./maker.js"));

export class BatchesView {
	styled = Promise.all([addStyles("batches.css"), addStyles("inputs.css"), addStyles("kept.css")]);
	/** @type {BatchMaker | null} */
	maker = null;
	/** @type {Shown | null} */
	shown = null;
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	timer;
	due = Infinity;
	title = el("h2", { id: "batches-title", tabindex: "-1" }, BATCHES.title);
	back = el("a.button.is-small", { href: "#batches" }, icon("table"), BATCHES.allBatches);
	make = el("a.button.is-small.primary", { href: "#batches=new" }, icon("plus"), BATCHES.make);
	head = el("div.batches-head");
	place = el("div.batches-place");

	/**
	 * @param {HTMLElement} element
	 * @param {BatchParts} parts
	 */
	constructor(element, parts) {
		this.element = element;
		this.parts = parts;
		this.list = new BatchList(parts.api);
		this.one = new BatchView(parts);
		element.append(el("div.batches-inside", this.head, this.place));
		parts.book.listen("batch", (batchId) => this.readSoon(batchId));
		// After a gap, or where there is no stream, the jobs are read again, and so are these.
		parts.book.listen("list", () => this.readSoon(null));
		parts.book.listen("change", ({ job }) => job.batchId !== null && job.batchId === this.shown?.batchId && this.one.rows.take(job));
	}

	/**
	 * @param {Shown | null} shown Null for another part of the page.
	 * @param {boolean} entered Whether something else was shown before.
	 */
	async show(shown, entered) {
		this.shown = shown;
		if (shown?.make && !this.maker) {
			const module = await making();
			if (this.shown !== shown) return;
			if (module) this.maker = new module.BatchMaker(this.parts);
		}
		this.maker?.reveal(shown?.make === true);
		if (!shown || shown.make) return;
		const { batchId } = shown;
		const heading = batchId ? this.one.heading : this.title;
		this.make.hidden = !may("jobs:write");
		fill(this.head, heading, el("span.grow"), batchId ? this.back : this.make, el("a.button.is-small", { href: "#" }, icon("undo"), BATCHES.back));
		fill(this.place, batchId ? this.one.element : this.list.element);
		if (entered) heading.focus({ preventScroll: true });
		await (batchId ? this.one.open(batchId) : this.list.read());
	}

	/**
	 * Read again what is shown, if it may have changed.
	 *
	 * @param {string | null} batchId Null if nobody knows which.
	 */
	readSoon(batchId) {
		const { shown } = this;
		if (!shown || shown.make || (batchId && shown.batchId && batchId !== shown.batchId)) return;
		const delay = batchId ? SOON_MS : LATER_MS;
		const due = Date.now() + delay;
		if (due >= this.due) return;
		clearTimeout(this.timer);
		this.due = due;
		this.timer = setTimeout(() => {
			this.due = Infinity;
			if (this.shown !== shown) return;
			if (shown.batchId) this.one.read();
			else this.list.read();
		}, delay);
	}
}
