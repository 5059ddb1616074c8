// The counters above the list; each one filters by what it counts.

import { every } from "../core/clock.js";
import { button, el, setAttribute, setText } from "../core/dom.js";
import { duration } from "../core/format.js";
import { icon } from "../core/icons.js";
import { JOBS } from "../words/jobs.js";
import { GROUPS, statusLook } from "./statuses.js";

/** @import { Api } from "../core/api.js" */
/** @import { Statistics } from "../../types/page.js" */
/** @import { JobBook } from "./job_book.js" */
/** @import { Group } from "./statuses.js" */

const REFRESH_SECONDS = 5;

export class Counters {
	/** @type {ReturnType<typeof setTimeout> | null} */
	timer = null;

	/**
	 * @param {object} parts
	 * @param {HTMLElement} parts.element
	 * @param {HTMLElement} parts.figures
	 * @param {Api} parts.api
	 * @param {JobBook} parts.book
	 * @param {(group: string) => void} parts.onSelect
	 */
	constructor({ element, figures, api, book, onSelect }) {
		this.figures = figures;
		this.api = api;
		this.book = book;
		this.tiles = GROUPS.map((group) => tileOf(group, onSelect));
		element.append(...this.tiles.map((tile) => tile.button));
		book.listen("change", () => this.schedule());
		book.listen("list", () => this.showSelection());
		every(REFRESH_SECONDS, () => this.read());
	}

	async read() {
		const found = await this.api.get("/api/prompt/queue").catch(() => null);
		if (!found) return;
		for (const { group, button, figure } of this.tiles) {
			const number = countOf(group, found.jobs);
			setText(figure, number.toLocaleString());
			button.classList.toggle("is-zero", number === 0);
			setAttribute(button, "aria-label", `${group.name}: ${number}`);
		}
		setText(this.figures, figuresOf(found));
		// Absent in older APIs.
		const satisfaction = found.satisfaction ?? [];
		this.figures.title = satisfaction.map((row) => `${row.model ?? JOBS.noModel}, ${row.promptSource}: ${percent(row.satisfactionRate)}`).join("\n");
	}

	schedule() {
		this.timer ??= setTimeout(() => {
			this.timer = null;
			this.read();
		}, 400);
	}

	showSelection() {
		for (const { group, button } of this.tiles) setAttribute(button, "aria-pressed", this.book.filter.group === group.id);
	}
}

/**
 * @param {Group} group
 * @param {(group: string) => void} onSelect
 */
function tileOf(group, onSelect) {
	const figure = el("span.tile-figure", "–");
	const look = group.statuses.length ? statusLook(group.statuses[0]) : null;
	const attributes = { "data-tone": look?.tone, "data-group": group.id, "aria-pressed": group.id === "all" };
	const tile = button(".tile", () => onSelect(group.id), attributes, figure, el("span.tile-name", look && icon(look.icon), group.name));
	return { group, button: tile, figure };
}

/**
 * @param {Group} group
 * @param {Record<string, number>} counts By status, in camel case.
 */
function countOf({ statuses }, counts) {
	const names = statuses.length ? statuses.map((status) => status.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())) : Object.keys(counts);
	return names.reduce((sum, name) => sum + (counts[name] ?? 0), 0);
}

/** @param {Statistics} found */
function figuresOf({ averageWaitSeconds, processedPerMinute, satisfactionRate }) {
	const speed = (processedPerMinute ?? 0).toLocaleString(undefined, { maximumFractionDigits: 1 });
	// Nothing is said of a Grok that nobody has asked.
	const idle = !processedPerMinute && typeof averageWaitSeconds !== "number";
	return [!idle && JOBS.figures(duration(averageWaitSeconds), speed), typeof satisfactionRate === "number" && percent(satisfactionRate)].filter(Boolean).join(" · ");
}

/** @param {number} rate */
function percent(rate) {
	return JOBS.percentLiked(Math.round(rate * 100));
}
