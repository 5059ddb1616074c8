// Draws a mask over a picture: white where it may change. The picture itself is never read, only shown.

import { button, el, on, pictureOf, safeAddress } from "../core/dom.js";
import { notify } from "../core/notices.js";
import { COMMON } from "../words/common.js";
import { CORE } from "../words/core.js";
import { INPUTS } from "../words/inputs.js";

const USUAL_SIDE = 1024;
const BRUSH_SHARE = 0.08;

/**
 * Let somebody draw a mask; `done` gets it as a file.
 *
 * @param {string} picture The URL of the picture; a blank square if it is not one.
 * @param {(file: File) => unknown} done
 */
export function drawMask(picture, done) {
	const url = safeAddress(picture);
	if (!picture || !url) {
		notify(INPUTS.maskNeedsImage, { tone: "attention" });
		return;
	}
	const canvas = el("canvas.mask-canvas", { "aria-label": INPUTS.maskTitle, tabindex: "0" });
	const shown = pictureOf(url, "", () => notify(INPUTS.maskNoImage, { tone: "bad" }));
	const brush = el("input", { type: "range", min: 1, max: 30, value: String(BRUSH_SHARE * 100), "aria-label": INPUTS.brushSize });
	const pen = canvas.getContext("2d");
	/** @type {ImageData[]} */
	const before = [];
	const dialog = el("dialog.dialog.mask-dialog", { "aria-labelledby": "mask-title" });
	const size = () => {
		canvas.width = shown.naturalWidth || USUAL_SIDE;
		canvas.height = shown.naturalHeight || USUAL_SIDE;
	};
	on(shown, "load", size);
	size();
	/** @type {{ x: number, y: number } | null} */
	let last = null;
	/** @param {PointerEvent} event */
	const placeOf = (event) => {
		const box = canvas.getBoundingClientRect();
		return { x: ((event.clientX - box.left) / box.width) * canvas.width, y: ((event.clientY - box.top) / box.height) * canvas.height };
	};
	/** @param {PointerEvent} event */
	const draw = (event) => {
		if (!last || !pen) return;
		const next = placeOf(event);
		pen.strokeStyle = "#fff";
		pen.lineCap = pen.lineJoin = "round";
		pen.lineWidth = (Number(brush.value) / 100) * Math.min(canvas.width, canvas.height);
		pen.beginPath();
		pen.moveTo(last.x, last.y);
		pen.lineTo(next.x, next.y);
		pen.stroke();
		last = next;
	};
	on(canvas, "pointerdown", (event) => {
		if (pen) before.push(pen.getImageData(0, 0, canvas.width, canvas.height));
		if (before.length > 20) before.shift();
		canvas.setPointerCapture(event.pointerId);
		last = placeOf(event);
		draw(event);
	});
	on(canvas, "pointermove", draw);
	on(canvas, "pointerup", () => (last = null));
	on(canvas, "pointercancel", () => (last = null));
	const undo = () => {
		const old = before.pop();
		if (old) pen?.putImageData(old, 0, 0);
	};
	const use = async () => {
		const file = await fileOf(canvas);
		dialog.close();
		if (file) done(file);
	};
	const answers = el("div.dialog-answers", button("", undo, COMMON.undo), button("", () => dialog.close(), CORE.cancel), button("primary", use, INPUTS.useMask));
	dialog.append(el("h2", { id: "mask-title" }, INPUTS.maskLabel), el("div.mask-frame", shown, canvas), el("label.mask-brush", INPUTS.brush, brush), answers);
	on(dialog, "close", () => dialog.remove());
	document.body.append(dialog);
	dialog.showModal();
}

/**
 * Return the mask as a PNG, white on black, as large as the picture.
 *
 * @param {HTMLCanvasElement} canvas
 * @returns {Promise<File | null>}
 */
async function fileOf(canvas) {
	const whole = el("canvas");
	whole.width = canvas.width;
	whole.height = canvas.height;
	const pen = whole.getContext("2d");
	if (!pen) return null;
	pen.fillRect(0, 0, whole.width, whole.height);
	pen.drawImage(canvas, 0, 0);
	const blob = await new Promise((resolve) => whole.toBlob(resolve, "image/png"));
	return blob instanceof Blob ? new File([blob], "mask.png", { type: "image/png" }) : null;
}
