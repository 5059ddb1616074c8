// One medium on the stage. A picture is zoomed and moved; a video, a sound or a text is shown as it is.

import { button, el, fill, pictureOf } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { COMMON } from "../words/common.js";
import { fit, offsetOf } from "./zoom.js";

/** @import { Medium } from "./medium.js" */
/** @import { Position, Size } from "./zoom.js" */

const FRAME_SECONDS = 1 / 30;

export class Pane {
	/** @type {Medium | null} */
	medium = null;
	/** @type {HTMLImageElement | null} */
	picture = null;
	/** @type {Size | null} The picture's own size, once it is known. */
	natural = null;
	label = el("span.viewer-label");
	place = el("div.viewer-medium");
	element = el("div.viewer-pane", this.place, this.label);

	/**
	 * @param {() => void} onSize Called when the picture's size is known.
	 * @param {(key: string) => void} onUncover
	 */
	constructor(onSize, onUncover) {
		this.onSize = onSize;
		this.onUncover = onUncover;
	}

	/** @param {Medium | null} medium */
	show(medium) {
		if (medium && this.medium && JSON.stringify(medium) === JSON.stringify(this.medium)) return;
		this.medium = medium;
		this.picture = null;
		this.natural = null;
		fill(this.label, medium?.label);
		fill(this.place, medium && this.face(medium));
	}

	/** @param {Medium} medium */
	face(medium) {
		const { file, kind, label, text } = medium;
		if (medium.covered) {
			const show = button("", () => this.onUncover(medium.key), COMMON.show);
			return el("div.viewer-cover", icon("warning"), el("p", COMMON.flagged), show);
		}
		if (kind === "text" || !file) return el("p.viewer-text.prose", { tabindex: "0" }, text);
		if (kind === "image") return this.pictureOf(medium, file);
		const look = { src: file, controls: true, playsinline: true, "aria-label": label };
		return kind === "video" ? el("video.viewer-video", { ...look, loop: true, poster: medium.thumbnail }) : el("audio", look);
	}

	/**
	 * Show the thumbnail until the whole picture is there.
	 *
	 * @param {Medium} medium
	 * @param {string} file
	 */
	pictureOf(medium, file) {
		const { thumbnail, spare, label } = medium;
		const picture = pictureOf(thumbnail ?? file, label, () => {}, { draggable: "false" });
		picture.classList.add("viewer-picture");
		this.picture = picture;
		const shown = () => {
			if (this.picture !== picture || !picture.naturalWidth) return;
			this.natural = { width: picture.naturalWidth, height: picture.naturalHeight };
			this.onSize();
		};
		picture.addEventListener("load", shown);
		this.load(picture, [file, spare]);
		return picture;
	}

	/**
	 * Load the whole picture, from where it is.
	 *
	 * @param {HTMLImageElement} picture
	 * @param {(string | null)[]} addresses
	 */
	async load(picture, addresses) {
		this.element.toggleAttribute("data-loading", true);
		const found = await firstThatLoads(addresses);
		if (this.picture !== picture) return;
		this.element.toggleAttribute("data-loading", false);
		if (found) {
			picture.src = found;
			return;
		}
		// Asked for again when it is shown again: the server may have been away.
		this.medium = null;
		fill(this.place, el("p.viewer-gone", icon("warning"), COMMON.imageGone));
	}

	/**
	 * @param {Position} position
	 * @param {Size} stage
	 */
	apply(position, stage) {
		if (!this.picture || !this.natural) return;
		const fitted = fit(this.natural, stage);
		const { x, y } = offsetOf(position, fitted);
		const { style } = this.picture;
		style.width = `${fitted.width}px`;
		style.height = `${fitted.height}px`;
		style.transform = `translate(${x}px, ${y}px) scale(${position.zoom})`;
		// From here on pixels are what one wants to see.
		this.picture.classList.toggle("is-enlarged", (fitted.width * position.zoom) / this.natural.width > 2);
	}

	get video() {
		return this.place.querySelector("video");
	}

	/**
	 * Do what a key does with a video; return whether it does anything.
	 *
	 * @param {string} key
	 */
	playBy(key) {
		const { video } = this;
		if (!video) return false;
		if (key === " ") {
			if (video.paused) video.play().catch(() => {});
			else video.pause();
		} else if (key === "m") video.muted = !video.muted;
		else if (key === "," || key === ".") {
			video.pause();
			const to = video.currentTime + (key === "." ? FRAME_SECONDS : -FRAME_SECONDS);
			video.currentTime = Math.min(video.duration || 0, Math.max(0, to));
		} else return false;
		return true;
	}
}

/** @param {(string | null)[]} addresses */
async function firstThatLoads(addresses) {
	for (const address of addresses) {
		if (address && (await loads(address))) return address;
	}
	return null;
}

/**
 * @param {string} address
 * @returns {Promise<boolean>}
 */
function loads(address) {
	return new Promise((resolve) => {
		const picture = pictureOf(address, "", () => resolve(false));
		picture.addEventListener("load", () => resolve(true));
	});
}
