// Uploads images and shows their progress. Each one's URL is added to the form's images.

import { asProblem } from "../core/api.js";
import { button, el, fill, iconButton, setText } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { announce } from "../core/notices.js";
import { vocabulary } from "../core/vocabulary.js";
import { COMMON } from "../words/common.js";
import { CORE } from "../words/core.js";
import { UPLOADS } from "../words/uploads.js";
import { sendFile } from "./send_file.js";

/** @import { Slot, Uploads } from "./uploads.js" */

const MIB = 1048576;

/**
 * Upload one file once the previous one is done.
 *
 * @param {File} file
 * @param {Uploads} uploads
 * @param {Promise<void>} previous
 * @param {Slot} slot
 */
export async function send(file, uploads, previous, slot) {
	const line = new Line(file.name || "image");
	slot.place.append(line.element);
	const rejection = rejectionOf(file, slot, uploads.situation().uploads?.maxBytes);
	if (rejection) {
		line.reject(rejection);
		return;
	}
	uploads.count(1);
	announce(UPLOADS.uploading(line.name));
	try {
		await previous;
		line.stop.signal.throwIfAborted();
		const { url } = await sendFile(uploads.api, "/api/uploads", file, { onProgress: (share) => line.show(share), signal: line.stop.signal });
		if (slot.put(url)) line.remove();
		else line.reject(UPLOADS.noRoom);
	} catch (thrown) {
		if (line.stop.signal.aborted) {
			line.remove();
		} else {
			const problem = asProblem(thrown);
			line.reject(`${problem.title && `${problem.title}. `}${problem.sentence}`, problem.passing ? () => uploads.take([file], slot) : null);
		}
	} finally {
		uploads.count(-1);
	}
}

/**
 * Return why uploading a file is pointless, else null; the server checks its content.
 *
 * @param {File} file
 * @param {Slot} slot
 * @param {number | undefined} maxBytes
 */
function rejectionOf(file, { media }, maxBytes) {
	const [kind] = file.type.split("/");
	if (media.includes("image") && media.length === 1 && !vocabulary.uploadTypes.includes(file.type)) return UPLOADS.onlyImages;
	if (Object.hasOwn(UPLOADS.only, media[0]) && !media.includes(kind)) return UPLOADS.only[media[0]];
	if (!file.size) return UPLOADS.empty;
	return maxBytes && file.size > maxBytes ? UPLOADS.tooLarge(Math.floor(maxBytes / MIB)) : null;
}

class Line {
	stop = new AbortController();
	note = el("span.quiet", "0 %");

	/** @param {string} name */
	constructor(name) {
		this.name = name;
		this.bar = el("progress", { max: 1, value: 0, "aria-label": UPLOADS.uploadOf(name) });
		const stop = () => {
			this.stop.abort();
			this.remove();
		};
		const drop = iconButton("cross", UPLOADS.cancelUpload(name), stop, CORE.cancel);
		this.element = el("div.upload", el("span.upload-name", name), this.bar, this.note, drop);
	}

	/** @param {number} share */
	show(share) {
		this.bar.value = share;
		setText(this.note, share < 1 ? `${Math.floor(share * 100)} %` : UPLOADS.checking);
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
			again && button(".link-button", retry, COMMON.tryAgain),
			iconButton("cross", UPLOADS.closeOne(this.name), () => this.remove(), UPLOADS.close),
		);
		this.element.dataset.tone = "bad";
		announce(UPLOADS.notUploaded(this.name, why));
	}
}
