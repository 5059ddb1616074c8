// The stage: one medium, or two side by side or under a divider. Both are zoomed and moved together.

import { el, on, setAttribute } from "../core/dom.js";
import { VIEWER } from "../words/viewer.js";
import { listenToGestures } from "./gestures.js";
import { Pane } from "./pane.js";
import { actualZoom, FITTED, fit, panBy, zoomAt } from "./zoom.js";

/** @import { Medium } from "./medium.js" */
/** @import { Point, Position } from "./zoom.js" */

/** One press of a key or a button. */
const ZOOM_STEP = 1.4;
/** How far an arrow key moves, as a share of the stage. */
const PAN_STEP = 0.12;

export class Stage {
	/** @type {Position} */
	position = { ...FITTED };
	slider = false;
	divider = el("input.viewer-divider", { type: "range", min: 0, max: 100, step: 1, value: 50, "aria-label": VIEWER.dividerLabel });
	line = el("span.viewer-line", { "aria-hidden": "true" });

	/**
	 * @param {object} callbacks
	 * @param {() => void} callbacks.onZoom
	 * @param {(key: string) => void} callbacks.onUncover
	 * @param {(steps: number) => void} callbacks.onSwipe
	 */
	constructor({ onZoom, onUncover, onSwipe }) {
		this.onZoom = onZoom;
		const onSize = () => this.apply();
		this.first = new Pane(onSize, onUncover);
		this.second = new Pane(onSize, onUncover);
		this.element = el("div.viewer-stage", this.first.element, this.second.element, this.line, this.divider);
		on(this.divider, "input", () => this.divide(Number(this.divider.value)));
		listenToGestures(this.element, {
			zoom: (factor, at) => this.zoomBy(factor, at),
			drag: (by, to) => this.drag(by, to),
			press: (at) => this.toggleZoom(at),
			swipe: onSwipe,
			mayDrag: () => this.zoomed || this.slider,
		});
		new ResizeObserver(() => this.apply()).observe(this.element);
	}

	get zoomed() {
		return this.position.zoom > 1.001;
	}

	/**
	 * @param {Medium | null} first
	 * @param {Medium | null} second What it is compared to.
	 * @param {boolean} slider
	 */
	show(first, second, slider) {
		const changed = first?.key !== this.first.medium?.key;
		this.first.show(first);
		this.second.show(second);
		const both = second !== null;
		this.slider = both && slider && first?.kind === "image" && second.kind === "image";
		setAttribute(this.element, "data-mode", both ? (this.slider ? "slider" : "side") : "one");
		this.second.element.hidden = !both;
		this.first.label.hidden = !both;
		this.line.hidden = this.divider.hidden = !this.slider;
		// While two are compared, the same detail of the next one is what one wants to see.
		if (changed && !both) this.position = { ...FITTED };
		this.divide(Number(this.divider.value));
		this.apply();
	}

	/** @param {number} percent */
	divide(percent) {
		this.divider.value = String(percent);
		this.line.style.left = `${percent}%`;
		this.first.element.style.clipPath = this.slider ? `inset(0 ${100 - percent}% 0 0)` : "";
		this.second.element.style.clipPath = this.slider ? `inset(0 0 0 ${percent}%)` : "";
	}

	/** The pane by which zooming is measured. */
	get measure() {
		return this.first.natural ? this.first : this.second;
	}

	sizeOfPane() {
		const { clientWidth: width, clientHeight: height } = this.measure.place;
		return { width: Math.max(1, width), height: Math.max(1, height) };
	}

	apply() {
		const size = this.sizeOfPane();
		const { natural } = this.measure;
		// A window of another size may show more of it.
		if (natural) this.position = zoomAt(this.position, 1, { x: 0, y: 0 }, natural, size);
		for (const pane of [this.first, this.second]) pane.apply(this.position, size);
		this.element.classList.toggle("is-zoomed", this.zoomed);
		this.onZoom();
	}

	/** What is shown of a picture's size, in per cent; null where there is nothing to zoom. */
	get percent() {
		const { natural } = this.measure;
		if (!natural) return null;
		return Math.round((100 * this.position.zoom * fit(natural, this.sizeOfPane()).width) / natural.width);
	}

	/**
	 * @param {number} factor
	 * @param {Point} [at] A point of the window; the middle if omitted.
	 */
	zoomBy(factor, at) {
		const { natural } = this.measure;
		if (!natural) return;
		this.position = zoomAt(this.position, factor, at ? this.fromMiddle(at) : { x: 0, y: 0 }, natural, this.sizeOfPane());
		this.apply();
	}

	/**
	 * Return a point of the window as seen from the middle of the pane that it is in.
	 *
	 * @param {Point} at
	 */
	fromMiddle({ x, y }) {
		const panes = [this.first, this.second].filter(({ element }) => !element.hidden);
		const frames = panes.map(({ place }) => place.getBoundingClientRect());
		const frame = frames.find(({ left, right, top, bottom }) => x >= left && x <= right && y >= top && y <= bottom) ?? frames[0];
		return { x: x - (frame.left + frame.right) / 2, y: y - (frame.top + frame.bottom) / 2 };
	}

	/**
	 * @param {Point} by
	 * @param {Point} to
	 */
	drag(by, to) {
		const { natural } = this.measure;
		if (this.slider && !this.zoomed) {
			const { left, width } = this.element.getBoundingClientRect();
			this.divide(Math.round(Math.min(100, Math.max(0, (100 * (to.x - left)) / width))));
		} else if (natural && this.zoomed) {
			this.position = panBy(this.position, by, natural, this.sizeOfPane());
			this.apply();
		}
	}

	/** @param {Point} [at] */
	toggleZoom(at) {
		const { natural } = this.measure;
		if (!natural) return;
		if (this.zoomed) this.fit();
		else this.zoomBy(Math.max(2, actualZoom(natural, this.sizeOfPane())), at);
	}

	fit() {
		this.position = { ...FITTED };
		this.apply();
	}

	/** Show a pixel of the picture as one of the screen. */
	actual() {
		const { natural } = this.measure;
		if (natural) this.zoomBy(actualZoom(natural, this.sizeOfPane()) / this.position.zoom);
	}

	/**
	 * Do what a key does with what is on the stage; return whether it does anything.
	 *
	 * @param {string} key
	 */
	moveBy(key) {
		const { width, height } = this.sizeOfPane();
		const [x, y] = [width * PAN_STEP, height * PAN_STEP];
		/** @type {Record<string, Point>} */
		const moves = { ArrowLeft: { x, y: 0 }, ArrowRight: { x: -x, y: 0 }, ArrowUp: { x: 0, y }, ArrowDown: { x: 0, y: -y } };
		if (key === "+" || key === "=") this.zoomBy(ZOOM_STEP);
		else if (key === "-") this.zoomBy(1 / ZOOM_STEP);
		else if (key === "0") this.fit();
		else if (key === "1") this.actual();
		else if (moves[key] && this.zoomed) this.drag(moves[key], { x: 0, y: 0 });
		else return [this.first, this.second].map((pane) => pane.playBy(key)).some(Boolean);
		return true;
	}
}
