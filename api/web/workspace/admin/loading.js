// Lists of Admin: what they show while they are read, if that fails, and if there is nothing.

import { asProblem } from "../core/api.js";
import { button, callout, el, fill } from "../core/dom.js";
import { icon } from "../core/icons.js";

/** @import { Children } from "../../types/page.js" */

/** @template Found */
export class ReadList {
	element = el("ul.admin-rows");

	/**
	 * @param {string} label
	 * @param {() => Promise<Found>} read May throw `Problem`.
	 * @param {(found: Found) => Children} draw Returns the rows of what was read last: an answer that comes late draws nothing.
	 */
	constructor(label, read, draw) {
		this.read = read;
		this.draw = draw;
		this.element.setAttribute("aria-label", label);
		this.reads = 0;
	}

	/** Read and show the rows; what is there stays until then. */
	async show() {
		const latest = ++this.reads;
		if (!this.element.children.length) fill(this.element, el("li.admin-none.quiet", "Loading…"));
		try {
			const found = await this.read();
			if (latest === this.reads) fill(this.element, ...this.draw(found));
		} catch (thrown) {
			const { sentence } = asProblem(thrown);
			if (latest !== this.reads) return;
			const again = button(".link-button", () => this.show(), "Try again");
			fill(this.element, el("li.admin-none", callout("bad", icon("warning"), el("p", sentence), again)));
		}
	}
}
