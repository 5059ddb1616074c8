// The counters on top of the list; each is the filter of what it counts.

import { el, setAttribute, setText } from "./dom.js";
import { duration } from "./format.js";
import { icon } from "./icons.js";
import { GROUPS } from "./statuses.js";

const EVERY_SECONDS = 5;
const WORDS = { submit_unknown: "submitUnknown" };

/** Shows how many jobs there are of each kind. */
export class Counters {
	constructor({ element, figures, api, book, onSelect }) {
		Object.assign(this, { element, figures, api, book });
		this.counts = {};
		this.tiles = new Map(GROUPS.map((group) => [group.id, this.tile(group, onSelect)]));
		element.append(...[...this.tiles.values()].map((tile) => tile.button));
		this.wait = el("span");
		this.speed = el("span");
		figures.append(this.wait, this.speed);
		book.addEventListener("change", () => this.soon());
		book.addEventListener("list", () => this.showSelection());
		setInterval(() => document.hidden || this.read(), EVERY_SECONDS * 1000);
	}

	/** Read the statistics; what cannot be read stays as it was. */
	async read() {
		const found = await this.api.get("/api/prompt/queue").catch(() => null);
		if (!found) return;
		this.counts = found.jobs;
		for (const group of GROUPS) {
			const number = this.countOf(group);
			const { button, figure } = this.tiles.get(group.id);
			setText(figure, number.toLocaleString());
			button.classList.toggle("is-zero", number === 0);
			setAttribute(button, "aria-label", `${group.name}: ${number}`);
		}
		setText(this.wait, `Wait for Grok ${duration(found.averageWaitSeconds)}`);
		setText(this.speed, found.processedPerMinute === null ? "– prompts/min" : `${round(found.processedPerMinute)} prompts/min`);
	}

	/** Return how many jobs a filter would show, as far as known. */
	countOf(group) {
		const statuses = group.statuses.length ? group.statuses : Object.keys(this.counts);
		return statuses.reduce((sum, status) => sum + (this.counts[WORDS[status] ?? status] ?? 0), 0);
	}

	soon() {
		this.timer ??= setTimeout(() => {
			this.timer = null;
			this.read();
		}, 400);
	}

	showSelection() {
		for (const [id, { button }] of this.tiles) setAttribute(button, "aria-pressed", String(this.book.group === id));
	}

	tile(group, onSelect) {
		const figure = el("span", { class: "tile-figure", text: "–" });
		const button = el(
			"button",
			{ type: "button", class: "tile", "data-tone": group.tone, "data-group": group.id, "aria-pressed": String(group.id === "all") },
			figure,
			el("span", { class: "tile-name" }, group.icon ? icon(group.icon) : null, group.name),
		);
		button.addEventListener("click", () => onSelect(group.id));
		return { button, figure };
	}
}

function round(number) {
	return number >= 10 ? Math.round(number) : Math.round(number * 10) / 10;
}
