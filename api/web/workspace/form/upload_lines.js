// Sends pictures, and shows how far each is. Each becomes an address in a picture's line.

import { asProblem } from "../core/api.js";
import { button, byId, el, fill, iconButton, setText } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { announce } from "../core/notices.js";
import { vocabulary } from "../core/vocabulary.js";

/** @import { Uploads } from "./uploads.js" */

const MIB = 1048576;

/**
 * Send one file after the one before.
 *
 * @param {File} file
 * @param {Uploads} uploads
 * @param {Promise<void>} before
 */
export async function send(file, uploads, before) {
	const line = new Line(file.name || "image");
	byId("uploads").append(line.element);
	const refusal = refusalOf(file, uploads.situation().uploads?.maxBytes);
	if (refusal) {
		line.refuse(refusal);
		return;
	}
	uploads.count(1);
	announce(`Uploading ${line.name}.`);
	try {
		await before;
		line.stop.signal.throwIfAborted();
		const { url } = await uploads.api.upload("/api/uploads", file, { onProgress: (share) => line.show(share), signal: line.stop.signal });
		if (uploads.pictures.put(url)) line.leave();
		else line.refuse("All image slots are in use. Remove an image and try again.");
	} catch (thrown) {
		if (line.stop.signal.aborted) {
			line.leave();
		} else {
			const problem = asProblem(thrown);
			line.refuse(`${problem.title && `${problem.title}. `}${problem.sentence}`, problem.passing ? () => uploads.take([file]) : null);
		}
	} finally {
		uploads.count(-1);
	}
}

/**
 * Return why a file need not be sent, else null; the server judges by content.
 *
 * @param {File} file
 * @param {number | undefined} maxBytes
 */
function refusalOf(file, maxBytes) {
	if (!vocabulary.uploadTypes.includes(file.type)) return "Only JPEG, PNG and WebP images can be uploaded.";
	if (!file.size) return "The file is empty.";
	return maxBytes && file.size > maxBytes ? `It is larger than ${Math.floor(maxBytes / MIB)} MiB.` : null;
}

class Line {
	stop = new AbortController();
	note = el("span.quiet", "0 %");

	/** @param {string} name */
	constructor(name) {
		this.name = name;
		this.bar = el("progress", { max: 1, value: 0, "aria-label": `Upload of ${name}` });
		const stop = () => {
			this.stop.abort();
			this.leave();
		};
		const drop = iconButton("cross", `Cancel the upload of ${name}`, stop, "Cancel");
		this.element = el("div.upload", el("span.upload-name", name), this.bar, this.note, drop);
	}

	/** @param {number} share */
	show(share) {
		this.bar.value = share;
		setText(this.note, share < 1 ? `${Math.floor(share * 100)} %` : "checking…");
	}

	leave() {
		this.element.remove();
	}

	/**
	 * @param {string} why
	 * @param {(() => void) | null} again
	 */
	refuse(why, again = null) {
		const retry = () => {
			this.leave();
			again?.();
		};
		fill(
			this.element,
			icon("warning"),
			el("span.upload-name", `${this.name}: ${why}`),
			again && button(".link-button", retry, "Try again"),
			iconButton("cross", `Close: ${this.name}`, () => this.leave(), "Close"),
		);
		this.element.dataset.tone = "bad";
		announce(`${this.name} was not uploaded. ${why}`);
	}
}
