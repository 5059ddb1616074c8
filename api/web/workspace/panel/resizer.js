// The edge of the panel: dragged, or moved by keys, it changes the panel's width, which is remembered.

import { el, on, setAttribute } from "../core/dom.js";
import { ROOT } from "../core/published.js";
import { PANEL } from "../words/panel.js";

const STORAGE_KEY = `promptmill.panel${ROOT}`;
const USUAL_PX = 544;
const LEAST_PX = 320;
const MOST_PX = 1100;
const STEP_PX = 24;

/** @type {Record<string, (width: number) => number>} What a key makes of the width. */
const KEYS = {
	ArrowLeft: (width) => width + STEP_PX,
	ArrowRight: (width) => width - STEP_PX,
	Home: () => MOST_PX,
	End: () => LEAST_PX,
};

/**
 * Put the edge at a panel, and give the panel the width that it had last.
 *
 * @param {HTMLElement} panel
 */
export function addResizer(panel) {
	const edge = el("div.panel-edge", { role: "separator", tabindex: "0", "aria-orientation": "vertical", "aria-controls": panel.id, "aria-label": PANEL.widthPanel, "aria-valuemin": LEAST_PX, "aria-valuemax": MOST_PX, title: PANEL.resizeHint });
	let width = 0;
	/** @param {number} wanted */
	const set = (wanted) => {
		width = bounded(wanted);
		document.body.style.setProperty("--panel", `${width}px`);
		setAttribute(edge, "aria-valuenow", width);
		setAttribute(edge, "aria-valuetext", PANEL.pixels(width));
	};
	set(stored());
	on(edge, "keydown", (event) => {
		const next = KEYS[event.key];
		if (!next) return;
		event.preventDefault();
		set(next(width));
		store(width);
	});
	on(edge, "dblclick", () => {
		set(USUAL_PX);
		store(width);
	});
	on(edge, "pointerdown", (event) => {
		// No text is selected, and the edge keeps the pointer wherever it goes.
		event.preventDefault();
		edge.setPointerCapture(event.pointerId);
		edge.focus();
		const { right } = panel.getBoundingClientRect();
		/** @param {PointerEvent} moved */
		const move = (moved) => set(right - moved.clientX);
		edge.addEventListener("pointermove", move);
		edge.addEventListener("lostpointercapture", () => {
			edge.removeEventListener("pointermove", move);
			// What there was no room for is not remembered.
			set(panel.getBoundingClientRect().width);
			store(width);
		}, { once: true });
	});
	panel.prepend(edge);
}

/** @param {number} width */
function bounded(width) {
	return Math.round(Math.min(MOST_PX, Math.max(LEAST_PX, width)));
}

function stored() {
	try {
		return Number(localStorage.getItem(STORAGE_KEY)) || USUAL_PX;
	} catch {
		return USUAL_PX;
	}
}

/** @param {number} width */
function store(width) {
	try {
		localStorage.setItem(STORAGE_KEY, String(width));
	} catch {
		// If storage is full or forbidden, the panel has its usual width after a reload.
	}
}
