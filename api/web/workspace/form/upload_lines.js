// Uploads images and shows their progress. Each one's URL is added to the form's images.

import { asProblem } from "../core/api.js";
import { button, byId, el, fill, iconButton, setText } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { announce } from "../core/notices.js";
import { vocabulary } from "../core/vocabulary.js";
import { sendFile } from "./send_file.js";

/** @import { Uploads } from "./uploads.js" */

const MIB = 1048576;

/**
 * Upload one file once the previous one is done.
 *
 * @param {File} file
 * @param {Uploads} uploads
 * @param {Promise<void>} previous
 */
export async function send(file, uploads, previous) {
	const line = new Line(file.name || "image");
	byId("uploads").append(line.element);
	const rejection = rejectionOf(file, uploads.situation().uploads?.maxBytes);
	if (rejection) {
		line.reject(rejection);
		return;
	}
	uploads.count(1);
	announce(`Uploading ${line.name}.`);
	try {
		await previous;
		line.stop.signal.throwIfAborted();
		const { url } = await sendFile(uploads.api, "/api/uploads", file, { onProgress: (share) => line.show(share), signal: line.stop.signal });
		if (uploads.pictures.put(url)) line.remove();
		else line.reject("All image slots are in use. Remove an image and try again.");
	} catch (thrown) {
		if (line.stop.signal.aborted) {
			line.remove();
		} else {
			const problem = asProblem(thrown);
			line.reject(`${problem.title && `${problem.title}. `}${problem.sentence}`, problem.passing ? () => uploads.take([file]) : null);
		}
	} finally {
		uploads.count(-1);
	}
}

/**
 * Return why uploading a file is pointless, else null; the server checks its content.
 *
 * @param {File} file
 * @param {number | undefined} maxBytes
 */
function rejectionOf(file, maxBytes) {
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
			this.remove();
		};
		const drop = iconButton("cross", `Cancel the upload of ${name}`, stop, "Cancel");
		this.element = el("div.upload", el("span.upload-name", name), this.bar, this.note, drop);
	}

	/** @param {number} share */
	show(share) {
		this.bar.value = share;
		setText(this.note, share < 1 ? `${Math.floor(share * 100)} %` : "checking…");
	}

	remove() {
		this.element.remove();
	}

	/**
	 * @param {string} why
	 * @param {(() => void) | null} again
	 */
	reject(why, again = null) {
		const retry = () => {
			this.remove();
			again?.();
		};
		fill(
			this.element,
			icon("warning"),
			el("span.upload-name", `${this.name}: ${why}`),
			again && button(".link-button", retry, "Try again"),
			iconButton("cross", `Close: ${this.name}`, () => this.remove(), "Close"),
		);
		this.element.dataset.tone = "bad";
		announce(`${this.name} was not uploaded. ${why}`);
	}
}
