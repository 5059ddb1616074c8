// Children that stay: a list that is read again leaves every element in the document whose text is the same, so that a press
// on it, the focus and an open menu are not lost.

import { place } from "./dom.js";

/**
 * @template [Data=any]
 * @typedef {object} Line
 * @property {string} key What it is known by.
 * @property {Data} data What it shows and acts on.
 * @property {(now: () => Data) => HTMLElement} make Makes its element; what it does when it is used asks for the data of then.
 */

export class Keyed {
	/** @type {Map<string, { kept: { data: any }, text: string, element: HTMLElement }>} `kept`: what its element acts on. */
	shown = new Map();

	/** @param {Element} element Whose children they are. */
	constructor(element) {
		this.element = element;
	}

	/** @param {readonly Line[]} lines */
	show(lines) {
		const before = this.shown;
		this.shown = new Map();
		place(this.element, this.made(lines, before));
	}

	/**
	 * Add lines after those that are there.
	 *
	 * @param {readonly Line[]} lines
	 */
	append(lines) {
		const made = this.made(lines, new Map());
		this.element.append(...made);
		return made;
	}

	/**
	 * @param {readonly Line[]} lines
	 * @param {Keyed["shown"]} before
	 */
	made(lines, before) {
		return lines.map(({ key, data, make }) => {
			const text = JSON.stringify(data);
			const old = before.get(key);
			const kept = old?.kept ?? { data };
			kept.data = data;
			const now = () => kept.data;
			const element = old?.element ?? make(now);
			if (old && old.text !== text) patch(element, make(now));
			this.shown.set(key, { kept, text, element });
			return element;
		});
	}
}

/**
 * Take over from a newly made element the parts that differ.
 *
 * @param {Element} element
 * @param {Element} made
 */
function patch(element, made) {
	const parts = [...made.children];
	if (parts.length !== element.childElementCount) return element.replaceChildren(...made.childNodes);
	for (const { name, value } of made.attributes) element.setAttribute(name, value);
	for (const [index, part] of [...element.children].entries()) {
		if (part.isEqualNode(parts[index])) continue;
		const focused = part.contains(document.activeElement);
		part.replaceWith(parts[index]);
		/** @type {HTMLElement | null} */
		const next = parts[index].querySelector("button, a");
		if (focused) next?.focus();
	}
}
