// The counters on top of the list; each is the filter of what it counts.

import { every } from "./clock.js";
import { button, el, on, setAttribute, setText } from "./dom.js";
import { duration } from "./format.js";
import { icon } from "./icons.js";
import { GROUPS, statusLook } from "./statuses.js";

const EVERY_SECONDS = 5;
const WORDS = { submit_unknown: "submitUnknown" };

export class Counters {
	constructor({ element, figures, api, book, onSelect }) {
		Object.assign(this, { element, figures, api, book });
		this.tiles = new Map(GROUPS.map((group) => [group.id, this.tile(group, onSelect)]));
		element.append(...[...this.tiles.values()].map((tile) => tile.button));
		on(book, "change", () => this.soon());
		on(book, "list", () => this.showSelection());
		every(EVERY_SECONDS, () => this.read());
	}

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
		setText(this.figures, figuresOf(found));
		this.figures.title = (found.satisfaction ?? []).map((row) => `${row.model ?? "no model"}, ${row.promptSource}: ${percent(row)}`).join("\n");
	}

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
		for (const [id, { button }] of this.tiles) setAttribute(button, "aria-pressed", this.book.group === id);
	}

	tile(group, onSelect) {
		const figure = el("span.tile-figure", "–");
		const { tone, icon: shape } = group.statuses.length ? statusLook(group.statuses[0]) : {};
		const tile = button(".tile", () => onSelect(group.id), { "data-tone": tone, "data-group": group.id, "aria-pressed": group.id === "all" }, figure, el("span.tile-name", shape && icon(shape), group.name));
		return { button: tile, figure };
	}
}

function figuresOf(found) {
	const speed = (found.processedPerMinute ?? 0).toLocaleString(undefined, { maximumFractionDigits: 1 });
	const liked = found.satisfaction?.length ? ` · ${percent(found)}` : "";
	return `Wait for Grok ${duration(found.averageWaitSeconds)} · ${speed} prompts/min${liked}`;
}

function percent({ satisfactionRate }) {
	return `${Math.round(satisfactionRate * 100)} % liked`;
}
