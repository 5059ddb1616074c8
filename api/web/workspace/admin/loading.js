// Lists of Admin: what they show while they are read, if that fails, and if there is nothing.

import { asProblem } from "../core/api.js";
import { button, callout, el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { Keyed } from "../core/keyed.js";
import { COMMON } from "../words/common.js";
import { CORE } from "../words/core.js";

/** @import { Line } from "../core/keyed.js" */

/** @template Found */
export class ReadList {
	element = el("ul.admin-rows");
	rows = new Keyed(this.element);

	/**
	 * @param {string} label
	 * @param {() => Promise<Found>} read May throw `Problem`.
	 * @param {(found: Found) => Line[]} draw Returns the rows of what was read last: an answer that comes late draws nothing.
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
		if (!this.element.children.length) this.rows.show([noteLine(CORE.loading)]);
		try {
			const found = await this.read();
			if (latest === this.reads) this.rows.show(this.draw(found));
		} catch (thrown) {
			const { sentence } = asProblem(thrown);
			if (latest !== this.reads) return;
			const again = () => button(".link-button", () => this.show(), COMMON.tryAgain);
			this.rows.show([{ key: "failed", data: sentence, make: () => el("li.admin-none", callout("bad", icon("warning"), el("p", sentence), again())) }]);
		}
	}
}

/**
 * Return a row that says why there are no others.
 *
 * @param {string} text
 * @returns {Line}
 */
export function noteLine(text) {
	return { key: text, data: text, make: () => el("li.admin-none.quiet", text) };
}
