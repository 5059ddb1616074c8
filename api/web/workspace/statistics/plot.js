// A plot: columns over time, or a bar for each name, as SVG, with what each says on hover and focus, and a table of it all.

import { el, fill, on, setAttribute } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { STATISTICS } from "../words/statistics.js";

/** @import { Child } from "../../types/page.js" */

const SPACE = "http://www.w3.org/2000/svg";
const HEIGHT = 200;
const LEFT = 64;
const BELOW = 24;
const ABOVE = 8;
const LABEL = 110;
/** A column that is wider looks like a wall. */
const WIDEST = 44;

let plots = 0;

/**
 * @typedef {object} Series
 * @property {string} name
 * @property {number[]} values One for each column.
 * @property {"bar" | "line"} [as] Bars are stacked; lines are drawn over them. By default bars.
 */

/**
 * @typedef {object} Figure
 * @property {string} title
 * @property {string} text What it shows.
 * @property {string[]} labels One for each column.
 * @property {Series[]} series
 * @property {(value: number) => string} format
 * @property {string[]} head The table's.
 * @property {Child[][]} rows
 */

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {(Node | string)[]} children
 */
function svg(name, attributes, ...children) {
	const element = document.createElementNS(SPACE, name);
	for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
	element.append(...children);
	return element;
}

export class Plot {
	id = `plot-${++plots}`;
	/** The column that the keyboard is at. */
	at = 0;
	width = 0;
	tip = el("div.plot-tip", { hidden: true, "aria-hidden": "true" });
	place = el("div.plot");

	/** @param {Figure} figure */
	constructor(figure) {
		this.figure = figure;
		const { labels, rows, series, text, title } = figure;
		this.at = labels.length - 1;
		const none = rows.length === 0;
		this.element = el(
			"section.plot-card",
			{ "aria-labelledby": `${this.id}-title` },
			el("h3", { id: `${this.id}-title` }, title),
			el("p.quiet", text),
			none ? el("p.plot-none.quiet", STATISTICS.nothing) : this.place,
			!none && series.length > 1 && el("ul.plot-legend", ...series.map(({ name, as }, place) => el("li", { "data-series": place, "data-as": as ?? "bar" }, name))),
			!none && el("details.fold", el("summary", icon("down"), STATISTICS.table), tableOf(figure)),
		);
		if (none) return;
		// While the page of statistics is hidden there is no room to draw in.
		this.resize = new ResizeObserver(() => this.place.clientWidth && this.place.clientWidth !== this.width && this.draw());
		this.resize.observe(this.place);
		on(this.place, "keydown", (event) => this.move(event));
		on(this.place, "pointerover", ({ target }) => this.tell(target));
		on(this.place, "focusin", ({ target }) => this.tell(target));
		for (const name of /** @type {const} */ (["pointerleave", "focusout"])) on(this.place, name, () => (this.tip.hidden = true));
	}

	/** Stop drawing: another one takes its place. */
	end() {
		this.resize?.disconnect();
	}

	draw() {
		const { labels, series, format } = this.figure;
		const focused = this.place.contains(document.activeElement);
		this.width = this.place.clientWidth;
		const most = highest(series, labels.length);
		const right = this.width - 4;
		const floor = HEIGHT - BELOW;
		const step = (right - LEFT) / labels.length;
		const bar = Math.min(WIDEST, Math.max(1, step * 0.72));
		/** @param {number} place */
		const middle = (place) => LEFT + step * (place + 0.5);
		/** @param {number} value */
		const level = (value) => floor - (value / most) * (floor - ABOVE);
		const grid = [0, most / 2, most].flatMap((value) => [
			svg("line", { class: "plot-grid", x1: LEFT, x2: right, y1: level(value), y2: level(value) }),
			svg("text", { class: "plot-scale", x: LEFT - 8, y: level(value) + 4, "text-anchor": "end" }, format(value)),
		]);
		const every = Math.max(1, Math.ceil(labels.length / Math.max(1, Math.floor((right - LEFT) / LABEL))));
		const names = labels.flatMap((label, place) => (place % every ? [] : [svg("text", { class: "plot-scale", x: middle(place), y: HEIGHT - 6, "text-anchor": "middle" }, label)]));
		const columns = labels.map((_, place) => {
			let base = 0;
			const parts = series.flatMap(({ values, as }, number) => {
				const value = values[place];
				if (!value) return [];
				if (as === "line") return [svg("circle", { class: "plot-dot", "data-series": number, cx: middle(place), cy: level(value), r: Math.min(3.5, Math.max(1.5, step / 3)) })];
				base += value;
				return [svg("rect", { class: "plot-bar", "data-series": number, x: middle(place) - bar / 2, y: level(base), width: bar, height: Math.max(1, level(base - value) - level(base)) })];
			});
			return svg(
				"g",
				{ class: "plot-column", role: "img", "aria-label": this.textOf(place).join(", "), "data-place": place, tabindex: place === this.at ? 0 : -1 },
				svg("rect", { class: "plot-touch", x: LEFT + step * place, y: ABOVE, width: step, height: floor - ABOVE }),
				...parts,
			);
		});
		const lines = series.flatMap(({ values, as }, number) => (as === "line" ? [svg("path", { class: "plot-line", "data-series": number, d: pathOf(values, middle, level) })] : []));
		const labelled = { role: "group", "aria-labelledby": `${this.id}-name`, "aria-describedby": `${this.id}-text` };
		const drawn = svg(
			"svg",
			{ width: this.width, height: HEIGHT, viewBox: `0 0 ${this.width} ${HEIGHT}`, ...labelled },
			svg("title", { id: `${this.id}-name` }, this.figure.title),
			svg("desc", { id: `${this.id}-text` }, STATISTICS.chart(this.figure.text)),
			...grid,
			...names,
			...lines,
			...columns,
		);
		fill(this.place, drawn, this.tip);
		if (focused) this.column(this.at)?.focus();
	}

	/**
	 * @param {number} place
	 * @returns {SVGElement | null}
	 */
	column(place) {
		return this.place.querySelector(`[data-place="${place}"]`);
	}

	/** @param {number} place */
	textOf(place) {
		const { labels, series, format } = this.figure;
		return [labels[place], ...series.filter(({ values }) => values[place]).map(({ name, values }) => `${name}: ${format(values[place])}`)];
	}

	/** @param {KeyboardEvent} event */
	move(event) {
		const last = this.figure.labels.length - 1;
		/** @type {Record<string, number>} */
		const places = { ArrowLeft: this.at - 1, ArrowRight: this.at + 1, Home: 0, End: last };
		if (!Object.hasOwn(places, event.key)) return;
		event.preventDefault();
		event.stopPropagation();
		this.column(this.at)?.setAttribute("tabindex", "-1");
		this.at = Math.min(last, Math.max(0, places[event.key]));
		this.column(this.at)?.setAttribute("tabindex", "0");
		this.column(this.at)?.focus();
	}

	/** @param {EventTarget | null} target */
	tell(target) {
		const column = target instanceof Element ? target.closest("[data-place]") : null;
		this.tip.hidden = !column;
		if (!column) return;
		const [label, ...lines] = this.textOf(Number(column.getAttribute("data-place")));
		fill(this.tip, el("strong", label), ...lines.map((line) => el("span", line)));
		const at = column.querySelector("rect")?.getBoundingClientRect();
		const around = this.place.getBoundingClientRect();
		const share = at ? (at.left + at.width / 2 - around.left) / around.width : 0;
		this.tip.style.setProperty("--at", `${share * 100}%`);
		setAttribute(this.tip, "data-side", share > 0.5 ? "left" : "right");
	}
}

/**
 * Return a round number that nothing exceeds.
 *
 * @param {Series[]} series
 * @param {number} columns
 */
function highest(series, columns) {
	let most = 0;
	for (let place = 0; place < columns; place += 1) {
		const stacked = series.filter(({ as }) => as !== "line").reduce((sum, { values }) => sum + values[place], 0);
		most = Math.max(most, stacked, ...series.map(({ values }) => values[place]));
	}
	if (most === 0) return 1;
	const unit = 10 ** Math.floor(Math.log10(most));
	return ([1, 2, 4, 6, 8, 10].find((times) => times * unit >= most) ?? 10) * unit;
}

/**
 * Return a line through the values, broken where there are none.
 *
 * @param {number[]} values
 * @param {(place: number) => number} x
 * @param {(value: number) => number} y
 */
function pathOf(values, x, y) {
	return values.map((value, place) => (value ? `${values[place - 1] ? "L" : "M"}${x(place).toFixed(1)} ${y(value).toFixed(1)}` : "")).join("");
}

/** @param {Figure} figure */
function tableOf({ title, head, rows }) {
	return el(
		"div.plot-table",
		{ role: "region", tabindex: "0", "aria-label": title },
		el(
			"table",
			el("caption.visually-hidden", title),
			el("thead", el("tr", ...head.map((text) => el("th", { scope: "col" }, text)))),
			el("tbody", ...rows.map(([first, ...cells]) => el("tr", el("th", { scope: "row" }, first), ...cells.map((cell) => el("td", cell))))),
		),
	);
}
